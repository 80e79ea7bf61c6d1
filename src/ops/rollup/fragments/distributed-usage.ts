import { COST_COLUMNS, DISTRIBUTED, LATENCIES, TOKEN_COLUMNS } from '../../definitions/definitions.js';
import type { Dimension } from '../../definitions/dimensions.js';
import { concatenated, countedRows } from '../../definitions/distributed-tables.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { widthOf, type RawTier } from '../../definitions/tiers.js';
import { dimensionSets } from './dimension-sets.js';
import { inBucket } from './levels.js';

/*
 * The usage rows of a table that Citus has distributed. It refuses LATERAL over one, and would fetch every row for
 * GROUPING SETS: so a join with the buckets is grouped by everything at once, which each shard does by itself, and the
 * sets are added up from that. Every latency crosses the network once, whatever the number of sets.
 */

/** What a cell has, in this order: each with its aggregate over the bucket's rows `r`, and that over cells `r`. */
type Column = readonly [name: string, type: string, ofRows: string, ofCells: string];

function columns({ costs }: OpsTables): readonly Column[] {
  const sum = (name: string, type: string): Column => [
    name,
    type,
    `COALESCE(sum(r.${name}), 0)`,
    `sum(r.${name})::${type}`,
  ];
  return [
    ['success_count', 'bigint', 'count(*)', 'sum(r.success_count)::bigint'],
    ...TOKEN_COLUMNS.map((name) => sum(name, 'bigint')),
    ...COST_COLUMNS.map((name): Column =>
      costs[name] === null ? [name, 'numeric', 'NULL', `NULL::numeric`] : sum(name, 'numeric'),
    ),
    ...DISTRIBUTED.flatMap(([name, total]): Column[] => [
      [total, 'bigint', `COALESCE(sum(r.${name}), 0)`, `sum(r.${total})::bigint`],
      ...(LATENCIES.some(([latency]) => latency === name)
        ? [[`${name}_max`, 'int', `max(r.${name})`, `max(r.${name}_max)`] as const]
        : []),
      [
        `${name}_raw`,
        'int[]',
        `array_agg(r.${name}) FILTER (WHERE r.${name} IS NOT NULL)`,
        `array_agg(ROW(r.${name}_raw)) FILTER (WHERE r.${name}_raw IS NOT NULL)`,
      ],
    ]),
  ];
}

/**
 * The CTE `usage_cells`: the rows of each of `buckets`, by group and all keys together. In a statement it has to stand
 * beside the others, and not within one: Citus plans it by itself, and everything that reads it as it comes.
 */
export function usageCells(tables: OpsTables, tier: RawTier, kept: readonly Dimension[]): string {
  const dimensions = ofUsage(kept);
  const values = [
    'u.group_id',
    ...TOKEN_COLUMNS.map((column) => `u.${column}`),
    ...COST_COLUMNS.map((column) => `${tables.costs[column] ?? 'NULL'} AS ${column}`),
    ...DISTRIBUTED.map(([name, , raw]) => `${raw} AS ${name}`),
    ...dimensions.map(({ usage }, index) => `(${usage ?? 'NULL'})::text AS k${index}`),
  ];
  const grouped = ['bucket_start', 'group_id', ...keysOf(dimensions)]
    .map((column) => `r.${column}`)
    .join(', ');
  return `usage_cells AS MATERIALIZED (
  SELECT ${grouped},
    ${columns(tables)
      .map(([name, , ofRows]) => `${ofRows} AS ${name}`)
      .join(',\n    ')}
  FROM (
    SELECT h.bucket_start, ${values.join(', ')}
    FROM buckets h JOIN ${countedRows(tables.usageLogs, 'u', tables.usageCondition)} ON ${inBucket('u', widthOf(tier))}
    WHERE h.usage_mode <> 'keep' AND u.group_id <> 0 AND (u.group_id IN (SELECT id FROM ${tables.groups})) IS TRUE
  ) r
  GROUP BY ${grouped}
)`;
}

/**
 * The buckets `h` that have rows, each with its cells as one array of records `c.cells`: so that it finds its own by its
 * start, however many buckets there are.
 */
export function bucketsWithCells(tables: OpsTables, kept: readonly Dimension[]): string {
  const record = [
    'r.group_id::bigint',
    ...keysOf(ofUsage(kept)).map((key) => `r.${key}`),
    ...columns(tables).map(([name, type]) => `r.${name}::${type}`),
  ];
  return `buckets h JOIN (
    SELECT r.bucket_start, array_agg(ROW(${record.join(', ')})) AS cells FROM usage_cells r GROUP BY r.bucket_start
  ) c ON c.bucket_start = h.bucket_start`;
}

/** What bySet() in usage-side.ts selects, from the cells `c.cells`. */
export function setsOfCells(tables: OpsTables, dimensions: readonly Dimension[]): string {
  const { sets, name, key } = dimensionSets(dimensions, () => '', 'r.group_id');
  const read = columns(tables);
  const cell = [
    'group_id bigint',
    ...keysOf(dimensions).map((column) => `${column} text`),
    ...read.map(([column, type]) => `${column} ${type}`),
  ];
  const all = ([column, type]: Column): string =>
    type === 'int[]' ? `${concatenated(`s.${column}`)} AS ${column}` : `s.${column}`;
  return `SELECT s.group_id, s.dimension, s.key, ${read.map(all).join(',\n      ')}
    FROM (
      SELECT r.group_id, ${name} AS dimension, ${key} AS key,
        ${read.map(([column, , , ofCells]) => `${ofCells} AS ${column}`).join(',\n        ')}
      FROM unnest(c.cells) AS r(${cell.join(', ')})
      GROUP BY GROUPING SETS (${['(r.group_id)', ...sets].join(', ')})
      OFFSET 0
    ) s`;
}

const ofUsage = (dimensions: readonly Dimension[]): readonly Dimension[] =>
  dimensions.filter(({ usage }) => usage !== null);

const keysOf = (dimensions: readonly Dimension[]): readonly string[] =>
  dimensions.map((_dimension, index) => `k${index}`);
