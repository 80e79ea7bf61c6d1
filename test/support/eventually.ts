import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for a loaded machine: it is only ever waited out by a test that fails. */
const DEADLINE_MS = 90_000;
const POLL_MS = 20;

/**
 * Asks again and again until the answer is truthy, and resolves to it.
 *
 * @param what says in the error what never happened
 * @throws Error after 90 s, or what `ask` throws
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  what = 'what was waited for',
): Promise<NonNullable<T>> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`After ${DEADLINE_MS / 1000} s: not ${what}`);
    await sleep(POLL_MS);
  }
}
