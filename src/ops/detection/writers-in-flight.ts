import { setTimeout as sleep } from 'node:timers/promises';
import type { RawTable } from '../definitions/raw-tables.js';
import { selectRows, type SqlRunner } from '../sql/sql-runner.js';
import { stillWriting, writersOf, type Writer } from './sql/detect.sql.js';

/** How long detection waits for writers in flight before it leaves safe_id where it is, in milliseconds. */
const WAIT_MS = 500;
const POLL_MS = 20;

/** Who may still hold an id below the candidate that was read before, after a short wait for them to end. */
export async function writersInFlight(runner: SqlRunner, table: RawTable): Promise<readonly Writer[]> {
  const writers = await selectRows<Writer>(runner, writersOf(table));
  let ids = writers.map(({ writer }) => writer);
  for (let waited = 0; ids.length > 0 && waited < WAIT_MS; waited += POLL_MS) {
    await sleep(POLL_MS);
    const still = await selectRows<{ writer: string }>(runner, stillWriting(ids));
    ids = still.map(({ writer }) => writer);
  }
  return writers.filter(({ writer }) => ids.includes(writer));
}
