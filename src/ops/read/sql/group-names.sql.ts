import type { OpsTables, SqlStatement } from '../../metrics/ops-tables.js';

export interface GroupNameRow {
  id: string;
  name: string;
  platform: string;
}

/** Bound: group ids, as decimal text. */
export function groupNames(tables: OpsTables, ids: readonly string[]): SqlStatement {
  return {
    text: `SELECT id::text AS id, name, platform FROM ${tables.groups} WHERE id = ANY($1::bigint[])`,
    values: [ids],
  };
}
