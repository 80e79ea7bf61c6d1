import {
  COST_COLUMNS,
  DISTRIBUTED,
  ERROR_COUNTS,
  TOKEN_COLUMNS,
  TOKENS,
  USAGE_GROUP_JOIN,
} from '../../definitions/definitions.js';
import { concatenated, countedRows } from '../../definitions/distributed-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { LevelSql } from './level.sql.js';

/*
 * The raw rows of every raw range of a table that Citus has distributed. It refuses LATERAL over one, and would fetch
 * every row for GROUPING SETS: so the ranges are joined, and grouped by key, which each shard does by itself; a total is
 * added up from that.
 */

/** Its name, its aggregate over raw rows, and that over rows `p` of it. */
type Column = readonly [name: string, ofRows: string, ofParts: string];

interface Ranged {
  readonly relation: 'usage_range' | 'error_range';
  /** Raw rows and what they are joined with; and which of them count. */
  readonly from: string;
  readonly levelOf: string;
  readonly totalOf: string | null;
  readonly key: string;
  readonly columns: readonly Column[];
}

const RANGE = ['segment', 'part_of', 'whole_hour'];
const ranged = (alias: string): string => RANGE.map((column) => `${alias}.${column}`).join(', ');

const added = (name: string, ofRows: string, type = 'bigint'): Column => [
  name,
  ofRows,
  `sum(p.${name})::${type}`,
];

function relation({ relation: name, from, levelOf, totalOf, key, columns }: Ranged): string {
  const parts = (as: string): string => `${as} AS MATERIALIZED (
  SELECT ${ranged('r')}, ${totalOf === null ? key : `CASE WHEN ${levelOf} THEN ${key} END`} AS key,
    ${columns.map(([column, ofRows]) => `${ofRows} AS ${column}`).join(',\n    ')}
  FROM raw_range r JOIN ${from}
  WHERE ${totalOf ?? levelOf}
  GROUP BY 1, 2, 3, 4
)`;
  if (totalOf === null) {
    return parts(name);
  }
  return `${parts(`${name}_part`)},
${name} AS MATERIALIZED (
  SELECT s.segment, s.part_of, s.whole_hour, s.key, ${columns
    .map(([column]) =>
      column.endsWith('_raw') ? `${concatenated(`s.${column}`)} AS ${column}` : `s.${column}`,
    )
    .join(', ')}
  FROM (
    SELECT ${ranged('p')}, p.key, ${columns.map(([column, , ofParts]) => `${ofParts} AS ${column}`).join(',\n      ')}
    FROM ${name}_part p
    GROUP BY ${ranged('p')}, GROUPING SETS ((p.key), ())
    HAVING GROUPING(p.key) = 1 OR p.key IS NOT NULL
  ) s
)`;
}

const inRange = (alias: string): string => `${alias}.created_at >= r.starts AND ${alias}.created_at < r.ends`;

/** The relation `usage_range`, as in raw-pieces.sql.ts. */
export function usageRanges(tables: OpsTables, level: LevelSql, total: LevelSql | null): string {
  const values = DISTRIBUTED.map(([name, , raw]) => `${raw} AS ${name}`).join(', ');
  return relation({
    relation: 'usage_range',
    from: `(SELECT u.*, ${values} FROM ${countedRows(tables.usageLogs, 'u', tables.usageCondition)}) u ON ${inRange('u')}
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}`,
    levelOf: level.usage,
    totalOf: total?.usage ?? null,
    key: level.key?.ofUsage ?? 'NULL::text',
    columns: [
      added('success_count', 'count(*)'),
      added('token_consumed', `sum(${TOKENS})::bigint`),
      ...TOKEN_COLUMNS.map((column) => added(column, `COALESCE(sum(u.${column}), 0)`)),
      ...COST_COLUMNS.map((column) => {
        const { [column]: cost } = tables.costs;
        return added(column, cost === null ? 'NULL::numeric' : `COALESCE(sum(${cost}), 0)`, 'numeric');
      }),
      ...DISTRIBUTED.flatMap(([name]): Column[] => [
        added(`${name}_samples`, `count(u.${name})`),
        added(`${name}_sum`, `COALESCE(sum(u.${name}), 0)`),
        [`${name}_max`, `max(u.${name})`, `max(p.${name}_max)`],
        [
          `${name}_raw`,
          `array_agg(u.${name}) FILTER (WHERE u.${name} IS NOT NULL)`,
          `array_agg(ROW(p.${name}_raw)) FILTER (WHERE p.${name}_raw IS NOT NULL)`,
        ],
      ]),
    ],
  });
}

/** The relation `error_range`, likewise. */
export function errorRanges(tables: OpsTables, level: LevelSql, total: LevelSql | null): string {
  return relation({
    relation: 'error_range',
    from: `${countedRows(tables.errorLogs, 'e', tables.errorCondition)} ON ${inRange('e')}`,
    levelOf: level.error,
    totalOf: total?.error ?? null,
    key: level.key?.ofError ?? 'NULL::text',
    columns: ERROR_COUNTS.map(([column, condition]) => added(column, `count(*) FILTER (WHERE ${condition})`)),
  });
}
