import { QueryFailedError, type DataSource } from 'typeorm';
import {
  deleteGroup,
  deleteSampleRows,
  rowsOfOthers,
  unusedSampleGroups,
  type RawLogTable,
  type RemovedRows,
} from '../sql/sample-rows.js';
import type { BoundQuery } from '../sql/unnest-insert.js';

const FOREIGN_KEY_VIOLATION = '23503';

/** The name of the database where raw tables hold rows that are no sample traffic, else null. */
export async function databaseOfOthers(dataSource: DataSource): Promise<string | null> {
  const [row] = await run<{ database: string; found: boolean }>(dataSource, rowsOfOthers());
  return row?.found === true ? row.database : null;
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
  removed.usageRows += await removeRows(dataSource, 'usage_logs', removed.hours);
  removed.errorRows += await removeRows(dataSource, 'ops_error_logs', removed.hours);
  for (const { id } of await run<{ id: string }>(dataSource, unusedSampleGroups())) {
    removed.groups += (await removeGroup(dataSource, id)) ? 1 : 0;
  }
}

async function removeRows(dataSource: DataSource, table: RawLogTable, hours: Set<number>): Promise<number> {
  let total = 0;
  // Ids below 0 are possible in a table that somebody else made.
  for (let last: string | null = '-9223372036854775808'; last !== null;) {
    const [batch]: RemovedRows[] = await run(dataSource, deleteSampleRows(table, last));
    total += batch?.removed ?? 0;
    for (const hour of batch?.hours ?? []) hours.add(hour);
    last = batch?.last ?? null;
  }
  return total;
}

/** False where another table refers to the group: it has become somebody's. */
async function removeGroup(dataSource: DataSource, id: string): Promise<boolean> {
  try {
    await run(dataSource, deleteGroup(id));
    return true;
  } catch (error) {
    const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: unknown }) : {};
    if (code === FOREIGN_KEY_VIOLATION) return false;
    throw error;
  }
}

async function run<Row>(dataSource: DataSource, { text, values }: BoundQuery): Promise<Row[]> {
  return dataSource.query<Row[]>(text, values);
}
