import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { INSERT_BOTH, seeded } from './traffic.js';

export interface RawWriters {
  /** Ends them after their current transactions; resolves to the number of committed ones. */
  stop(): Promise<number>;
}

/**
 * Writers that insert current, late and out-of-order rows, each on two connections: while one transaction stays
 * open with its ids taken, others with higher ids commit; some roll back.
 */
export function startRawWriters(url: string, from: Date, count: number): RawWriters {
  const stopped = new AbortController();
  const writers = Array.from({ length: count }, (_, index) => writer(url, from, index + 1, stopped.signal));
  return {
    async stop() {
      stopped.abort();
      return (await Promise.all(writers)).reduce((sum, committed) => sum + committed, 0);
    },
  };
}

async function writer(url: string, from: Date, seed: number, stopped: AbortSignal): Promise<number> {
  const below = seeded(seed);
  const [slow, fast] = [new pg.Client(url), new pg.Client(url)];
  await Promise.all([slow.connect(), fast.connect()]);
  let committed = 0;
  try {
    while (!stopped.aborted) {
      await slow.query('BEGIN');
      await slow.query(INSERT_BOTH, [moments(from, below)]);
      for (let quick = below(4); quick >= 0; quick -= 1) {
        await fast.query(INSERT_BOTH, [moments(from, below)]);
        committed += 1;
        await sleep(below(120));
      }
      // Now and then longer than detection waits for writers, and longer than a tick.
      await sleep(below(8) === 0 ? 1_300 : below(200));
      const keeps = below(6) > 0;
      await slow.query(keeps ? 'COMMIT' : 'ROLLBACK');
      committed += keeps ? 1 : 0;
    }
  } finally {
    await Promise.all([slow.end(), fast.end()]);
  }
  return committed;
}

/** One to three moments: now, or anywhere since `from`, in no order. */
function moments(from: Date, below: (n: number) => number): string[] {
  const age = (): number => (below(3) === 0 ? 0 : below(Date.now() - from.getTime()));
  return Array.from({ length: 1 + below(3) }, () => new Date(Date.now() - age()).toISOString());
}
