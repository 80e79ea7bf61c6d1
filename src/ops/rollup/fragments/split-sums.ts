import { SPLIT_COLUMNS } from '../../definitions/columns.js';
import { COST_COLUMNS } from '../../definitions/definitions.js';

const MONEY: ReadonlySet<string> = new Set(COST_COLUMNS);

/** Sums over rows `alias`; what is not known of one of them that has requests is not known of all of them. */
export const splitSums = (alias: string): string[] =>
  SPLIT_COLUMNS.map((column) => {
    const isUnknown = `bool_or(${alias}.success_count > 0 AND ${alias}.${column} IS NULL)`;
    const sum = `CASE WHEN NOT ${isUnknown} THEN COALESCE(sum(${alias}.${column}), 0) END`;
    return `${MONEY.has(column) ? sum : `(${sum})::bigint`} AS ${column}`;
  });
