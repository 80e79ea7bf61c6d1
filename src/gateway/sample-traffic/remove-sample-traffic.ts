import { QueryFailedError, type DataSource } from 'typeorm';
import { SAMPLE_GROUPS, SAMPLE_REQUEST_PREFIX } from './catalog.js';

const FOREIGN_KEY_VIOLATION = '23503';
const GROUP_NAMES = SAMPLE_GROUPS.map(({ name }) => name);
/** Rows read per statement while the sample is being removed: a transaction of some tens of milliseconds. */
const BATCH_ROWS = 10_000;

type RawLogTable = 'usage_logs' | 'ops_error_logs';

/**
 * The name of the database where raw tables hold rows that are no sample traffic, else null. Any other gateway's tables
 * answer with their first row; only a database full of sample traffic is read to its end.
 */
export async function databaseOfOthers(dataSource: DataSource): Promise<string | null> {
  const others = (table: RawLogTable): string =>
    `EXISTS (SELECT 1 FROM ${table} WHERE request_id IS NULL OR NOT starts_with(request_id, $1))`;
  const [row] = await dataSource.query<{ database: string }[]>(
    `SELECT current_database()::text AS database
     WHERE EXISTS (SELECT 1 FROM groups WHERE name <> ALL ($2::varchar[]))
       OR ${others('usage_logs')} OR ${others('ops_error_logs')}`,
    [SAMPLE_REQUEST_PREFIX, GROUP_NAMES],
  );
  return row?.database ?? null;
}

/** What has been removed; filled while the removal goes on, so that it is right also where that fails midway. */
export interface RemovedTraffic {
  usageRows: number;
  errorRows: number;
  groups: number;
  /** Whole hours since the epoch that lost rows, in no order. */
  readonly hours: Set<number>;
}

/**
 * Removes the rows of the sample traffic, in short transactions, and its groups that nothing refers to any more.
 * The metrics of the hours that lost rows are stale afterwards, and the caller's to recompute.
 */
export async function removeSampleTraffic(dataSource: DataSource, removed: RemovedTraffic): Promise<void> {
  for await (const { rows, hours } of removeRows(dataSource, 'usage_logs')) {
    removed.usageRows += rows;
    hours.forEach((hour) => removed.hours.add(hour));
  }
  for await (const { rows, hours } of removeRows(dataSource, 'ops_error_logs')) {
    removed.errorRows += rows;
    hours.forEach((hour) => removed.hours.add(hour));
  }
  for (const { id } of await unusedGroups(dataSource)) {
    removed.groups += (await removeGroup(dataSource, id)) ? 1 : 0;
  }
}

interface RemovedBatch {
  /** Highest id read, a bigint; null at the end of the table. */
  readonly last: string | null;
  readonly rows: number;
  readonly hours: readonly number[];
}

/** Deletes the sample rows, batch by batch: the table is read once, by its primary key. */
async function* removeRows(dataSource: DataSource, table: RawLogTable): AsyncGenerator<RemovedBatch> {
  // Ids below 0 are possible in a table that somebody else made.
  for (let last: string | null = '-9223372036854775808'; last !== null;) {
    const [batch]: RemovedBatch[] = await dataSource.query(
      `WITH batch AS (
         SELECT id, starts_with(request_id, $2) AS is_sample FROM ${table}
         WHERE id > $1::bigint ORDER BY id LIMIT ${BATCH_ROWS}
       ),
       gone AS (
         DELETE FROM ${table} r USING batch b WHERE r.id = b.id AND b.is_sample AND starts_with(r.request_id, $2)
         RETURNING floor(extract(epoch FROM r.created_at) / 3600)::int AS hour
       )
       SELECT (SELECT max(id) FROM batch)::text AS last, (SELECT count(*) FROM gone)::int AS rows,
         ARRAY(SELECT DISTINCT hour FROM gone) AS hours`,
      [last, SAMPLE_REQUEST_PREFIX],
    );
    if (batch !== undefined) yield batch;
    last = batch?.last ?? null;
  }
}

/** The groups of the sample traffic that no raw row refers to. */
async function unusedGroups(dataSource: DataSource): Promise<{ id: string }[]> {
  return dataSource.query(
    `WITH sample AS (SELECT id FROM groups WHERE name = ANY ($1::varchar[]))
     SELECT id FROM sample
     WHERE id NOT IN (SELECT group_id FROM usage_logs WHERE group_id = ANY (ARRAY(SELECT id FROM sample)))
       AND id NOT IN (SELECT group_id FROM ops_error_logs WHERE group_id = ANY (ARRAY(SELECT id FROM sample)))`,
    [GROUP_NAMES],
  );
}

/** False where another table refers to the group: it has become somebody's. */
async function removeGroup(dataSource: DataSource, id: string): Promise<boolean> {
  try {
    await dataSource.query('DELETE FROM groups WHERE id = $1::bigint', [id]);
    return true;
  } catch (error) {
    const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: unknown }) : {};
    if (code === FOREIGN_KEY_VIOLATION) return false;
    throw error;
  }
}
