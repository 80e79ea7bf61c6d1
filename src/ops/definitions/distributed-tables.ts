import { EVERY_ROW, type OpsTables } from './ops-tables.js';
import { rawTables } from './raw-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';

/** Citus's list of its tables, which is not there without it. */
export const CITUS_TABLES = 'pg_catalog.pg_dist_partition';

/**
 * Which raw tables are distributed; not those that every node has a copy of, or that are the coordinator's own. Only
 * where Citus is.
 *
 * Bound: names of the raw tables, and their sides.
 */
export function findDistributed(tables: OpsTables): SqlStatement {
  const named = rawTables(tables);
  const any = (condition: string, side: string): string =>
    `COALESCE(bool_or(${condition}) FILTER (WHERE w.side = '${side}'), false)`;
  const isDrawn = `a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%'`;
  return {
    text: `SELECT ${any('true', 'usage')} AS usage, ${any('true', 'errors')} AS errors,
  ${any(isDrawn, 'usage')} AS "usageIdsByNode", ${any(isDrawn, 'errors')} AS "errorIdsByNode"
FROM unnest($1::text[], $2::text[]) AS w(table_name, side)
JOIN ${CITUS_TABLES} p ON p.logicalrelid = to_regclass(w.table_name) AND p.partmethod <> 'n'
LEFT JOIN pg_attribute a ON a.attrelid = p.logicalrelid AND a.attname = 'id'
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum`,
    values: [named.map(({ name }) => name), named.map(({ side }) => side)],
  };
}

/** The rows of a raw table that count, to be joined: the condition is written as if there were no other table. */
export const countedRows = (table: string, alias: 'u' | 'e', condition: string): string =>
  condition === EVERY_ROW
    ? `${table} ${alias}`
    : `(SELECT * FROM ${table} ${alias} WHERE ${condition}) ${alias}`;

/** The int arrays that the shards have made, as one, from records of them; NULL without any. */
export const concatenated = (records: string): string =>
  `CASE WHEN ${records} IS NOT NULL THEN ARRAY(SELECT unnest(part.samples) FROM unnest(${records}) AS part(samples int[])) END`;
