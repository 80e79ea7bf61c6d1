import { rawTables, type RawTableKey } from '../../definitions/raw-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';

/** What the catalogue says of a raw table. */
export interface RawShape {
  readonly key: RawTableKey;
  readonly columns: readonly string[];
  /** Whether an index gives its rows in the order of created_at. */
  readonly hasTimeIndex: boolean;
  /** Whether an index finds the rows of a request id. */
  readonly hasRequestIdIndex: boolean;
}

const hasIndex = (column: string, usable: string): string => `NOT EXISTS (
    SELECT FROM part p
    WHERE p.key = t.key AND p.holds_rows AND NOT EXISTS (
      SELECT FROM pg_index x
      JOIN pg_class c ON c.oid = x.indexrelid
      JOIN pg_am m ON m.oid = c.relam
      JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
      WHERE x.indrelid = p.oid AND x.indisvalid AND a.attname = '${column}' AND ${usable}))`;

/**
 * Columns and indexes of the raw tables that exist. Each partition, or child, must have the index, as it has where its
 * parent has one; a parent without rows of its own need not. An order with nulls at the other end does not serve ORDER
 * BY created_at DESC.
 */
export function rawShapes(tables: OpsTables): SqlStatement {
  const named = rawTables(tables);
  return {
    text: `WITH RECURSIVE tree AS (
  SELECT key, to_regclass(name)::oid AS oid, true AS is_root FROM unnest($1::text[], $2::text[]) AS n(key, name)
  WHERE to_regclass(name) IS NOT NULL
  UNION
  SELECT t.key, i.inhrelid, false FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
),
part AS (
  SELECT t.key, t.oid, c.relkind <> 'p' AND NOT (
      EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = t.oid) AND pg_relation_size(t.oid) = 0
    ) AS holds_rows
  FROM tree t JOIN pg_class c ON c.oid = t.oid
)
SELECT t.key,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  ${hasIndex('created_at', "m.amname = 'btree' AND x.indpred IS NULL AND x.indoption[0] IN (0, 3)")} AS "hasTimeIndex",
  ${hasIndex(
    'request_id',
    `m.amname IN ('btree', 'hash')
        AND (x.indpred IS NULL OR pg_get_expr(x.indpred, x.indrelid) = '(request_id IS NOT NULL)')`,
  )} AS "hasRequestIdIndex"
FROM tree t WHERE t.is_root`,
    values: [named.map(({ key }) => key), named.map(({ name }) => name)],
  };
}
