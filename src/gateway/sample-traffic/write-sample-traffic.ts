import type { DataSource } from 'typeorm';
import { SAMPLE_GROUPS } from './catalog.js';
import { insertTraffic, type TrafficPlan } from './insert-traffic.sql.js';
import { EXPECTED, MINUTES, wholeRequests } from './shape.sql.js';

/** Rows of one transaction, about. */
const BATCH_ROWS = 5_000;
/** Batches written at once; three leave most of a pool of ten to everybody else. */
const CONCURRENT_BATCHES = 3;

/** What has been written. */
export interface WrittenTraffic {
  readonly usageRows: number;
  readonly errorRows: number;
}

/** How many requests come in a range, at so many a second as the mean of a week; ranges that touch add up. */
export async function expectedRequests(
  dataSource: DataSource,
  { from, to, seed }: Omit<TrafficPlan, 'rows'>,
  ratePerSecond: number,
): Promise<number> {
  const [row] = await dataSource.query<{ rows: number }[]>(
    `SELECT ${wholeRequests('$4::float8 * sum(expected)')}::float8 AS rows FROM (${EXPECTED}) e`,
    [from.getTime(), to.getTime(), seed, ratePerSecond],
  );
  return row?.rows ?? 0;
}

/**
 * Writes sample traffic, its groups first. The same plan gives the same rows. Every batch commits by itself: after an
 * error what has been written stays. No write is under way any more when the promise settles.
 *
 * @throws RangeError where the plan makes no sense, QueryFailedError from the database
 */
export async function writeSampleTraffic(dataSource: DataSource, plan: TrafficPlan): Promise<WrittenTraffic> {
  check(plan);
  // No sequence value is spent on a group that is there.
  await dataSource.query(
    `INSERT INTO groups (name, platform)
     SELECT name, platform FROM unnest($1::text[], $2::text[]) AS s (name, platform)
     WHERE name NOT IN (SELECT name FROM groups) ON CONFLICT DO NOTHING`,
    [SAMPLE_GROUPS.map(({ name }) => name), SAMPLE_GROUPS.map(({ platform }) => platform)],
  );
  const batches = await split(dataSource, plan);
  const written = { usageRows: 0, errorRows: 0 };
  const writer = async (): Promise<void> => {
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      try {
        const [rows] = await dataSource.query<WrittenTraffic[]>(...insertTraffic(batch));
        written.usageRows += rows?.usageRows ?? 0;
        written.errorRows += rows?.errorRows ?? 0;
      } catch (error) {
        batches.length = 0; // the other writers find no further one
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENT_BATCHES }, writer));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return written;
}

function check({ from, to, rows, seed }: TrafficPlan): void {
  if (!(from.getTime() < to.getTime()))
    throw new RangeError('Sample traffic needs valid dates, from before to');
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError('rows must be a whole number, 0 or more');
  if (!Number.isSafeInteger(seed)) throw new RangeError('seed must be a whole number');
}

/** Cuts the plan between minutes, where another BATCH_ROWS have come. */
async function split(dataSource: DataSource, { from, to, rows, seed }: TrafficPlan): Promise<TrafficPlan[]> {
  const parts = await dataSource.query<{ from: number; to: number; rows: number }[]>(
    `SELECT min(starts)::float8 AS "from", max(ends)::float8 AS "to", (max(until) - min(before))::float8 AS rows
     FROM (${MINUTES}) m GROUP BY until / ${BATCH_ROWS} HAVING max(until) > min(before) ORDER BY 1`,
    [from.getTime(), to.getTime(), seed, rows],
  );
  return parts.map((part) => ({ from: new Date(part.from), to: new Date(part.to), rows: part.rows, seed }));
}
