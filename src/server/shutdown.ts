import { setTimeout as sleep } from 'node:timers/promises';

/** A supervisor's usual patience is 30 s, after which it kills: what would hang is given up before that. */
const DEADLINE_MS = 26_000;
/** For what must not be left behind even then. */
const LAST_RESORT_MS = 2_000;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Steps of the shutdown under way, by name. */
const steps = new Set<string>();
const lastResorts = new Set<() => Promise<void>>();

/** Names a step of the shutdown for as long as it takes. */
export async function shutdownStep<T>(name: string, step: Promise<T>): Promise<T> {
  steps.add(name);
  try {
    return await step;
  } finally {
    steps.delete(name);
  }
}

/** What is still tried where the shutdown hangs before it gets there: stopping a server of our own, say. */
export function onForcedExit(work: () => Promise<void>): void {
  lastResorts.add(work);
}

/**
 * Ends the process within 30 s of the first signal, whatever hangs, with exit code 1 and a line that says what did. The
 * orderly shutdown is Nest's, by the same signals.
 */
export function forceExitAfterSignal(): void {
  let asked = false;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!asked) {
        asked = true;
        setTimeout(() => void forceExit(), DEADLINE_MS).unref();
      }
    });
  }
}

async function forceExit(): Promise<void> {
  const hanging = [...steps].join(', ') || 'the application';
  console.error(`Not stopped after ${DEADLINE_MS / 1000} s, ended by force; still running: ${hanging}`);
  const resorts = Promise.allSettled([...lastResorts].map((work) => work()));
  await Promise.race([resorts, sleep(LAST_RESORT_MS)]);
  process.exit(1);
}
