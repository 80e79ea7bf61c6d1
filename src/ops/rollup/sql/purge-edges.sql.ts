import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import { isoUtc } from '../../sql/sql-time.js';
import { edges } from '../fragments/judged-sides.js';

/** The purge edges of both raw tables: ISO, or `infinity` where a table is empty. */
export interface PurgeEdges {
  usage: string;
  errors: string;
}

/** For a statement that reads no raw table itself: one that does is planned in pieces where the table is distributed. */
export function purgeEdges(tables: OpsTables): SqlStatement {
  const text = (edge: string): string =>
    `CASE WHEN isfinite(${edge}) THEN ${isoUtc(edge)} ELSE 'infinity' END`;
  return {
    text: `SELECT ${text('e.usage')} AS usage, ${text('e.errors')} AS errors FROM ${edges(tables, 'purge')} e`,
    values: [],
  };
}
