import { SAMPLE_GROUPS, SAMPLE_REQUEST_PREFIX } from '../sample-traffic/catalog.js';
import type { BoundQuery } from './unnest-insert.js';

export type RawLogTable = 'usage_logs' | 'ops_error_logs';

/** Rows read per statement while the sample is being removed: a transaction of some tens of milliseconds. */
const BATCH_ROWS = 10_000;

/**
 * Whether any raw table has a row that is no sample traffic, and the name of the database. Any other gateway's tables
 * answer with their first row; only a database full of sample traffic is read to its end.
 */
export function rowsOfOthers(): BoundQuery {
  const others = (table: RawLogTable): string =>
    `EXISTS (SELECT 1 FROM ${table} WHERE request_id IS NULL OR NOT starts_with(request_id, $1))`;
  return {
    text: `SELECT current_database()::text AS database,
  EXISTS (SELECT 1 FROM groups WHERE name <> ALL ($2::varchar[])) OR ${others('usage_logs')} OR ${others('ops_error_logs')} AS found`,
    values: [SAMPLE_REQUEST_PREFIX, SAMPLE_GROUPS.map(({ name }) => name)],
  };
}

/** Ids are bigint as strings, hours are whole hours since the epoch; `last` is null at the end of the table. */
export interface RemovedRows {
  readonly last: string | null;
  readonly removed: number;
  readonly hours: readonly number[];
}

/** Deletes the sample rows among the next rows after an id: the table is read once, by its primary key. */
export function deleteSampleRows(table: RawLogTable, afterId: string): BoundQuery {
  return {
    text: `WITH batch AS (
  SELECT id, starts_with(request_id, $2) AS is_sample FROM ${table} WHERE id > $1::bigint ORDER BY id LIMIT ${BATCH_ROWS}
),
gone AS (
  DELETE FROM ${table} r USING batch b
  WHERE r.id = b.id AND b.is_sample AND starts_with(r.request_id, $2)
  RETURNING floor(extract(epoch FROM r.created_at) / 3600)::int AS hour
)
SELECT (SELECT max(id) FROM batch)::text AS last, (SELECT count(*) FROM gone)::int AS removed,
  ARRAY(SELECT DISTINCT hour FROM gone) AS hours`,
    values: [afterId, SAMPLE_REQUEST_PREFIX],
  };
}

/** The groups of the sample traffic that no raw row refers to. */
export function unusedSampleGroups(): BoundQuery {
  return {
    text: `WITH sample AS (SELECT id FROM groups WHERE name = ANY ($1::varchar[]))
SELECT id::text FROM sample
WHERE id NOT IN (SELECT group_id FROM usage_logs WHERE group_id = ANY (ARRAY(SELECT id FROM sample)))
  AND id NOT IN (SELECT group_id FROM ops_error_logs WHERE group_id = ANY (ARRAY(SELECT id FROM sample)))`,
    values: [SAMPLE_GROUPS.map(({ name }) => name)],
  };
}

export const deleteGroup = (id: string): BoundQuery => ({
  text: 'DELETE FROM groups WHERE id = $1::bigint RETURNING id',
  values: [id],
});
