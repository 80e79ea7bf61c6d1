import { ERROR_COLUMNS } from '../../definitions/columns.js';
import { isOldDefinition, storedVersion } from '../../definitions/definition-version.js';
import { EVERY_ROW, type OpsTables } from '../../definitions/ops-tables.js';
import { isOverallRow } from '../../definitions/overall-row.js';
import { errorSize, usageSize } from '../../definitions/side-size.js';
import { rawTables, type RawTable } from '../../definitions/raw-tables.js';
import { hasBucket, hourOf } from '../../sql/sql-time.js';
import { storeOf, widthOf, type RawTier } from '../../definitions/tiers.js';
import { inBucket } from './levels.js';

/**
 * What may happen to one side of a bucket (an hour or a minute), its usage or its errors, when it is recomputed:
 *
 * - `take`: whatever its raw rows give. Somebody forces it.
 * - `keep`: nothing; what is stored stays. Its raw rows may have been purged.
 * - `edge`: as its raw rows give, unless the table's rows begin after the bucket and the side would shrink.
 * - `guard`: like that, and held back where it would lose more than half, or wait where it would lose less.
 * - `redefine`: like `edge`, and held back where nothing would be left. Its columns have got another meaning, so that
 *   a smaller count says nothing.
 */
export type SideMode = 'take' | 'keep' | 'edge' | 'guard' | 'redefine';

/** What was decided. `keep`, `hold` and `wait` leave the side as it is stored. */
export type Verdict = 'take' | 'keep' | 'hold' | 'wait';

const SIDES = ['usage', 'errors'] as const;

type Side = (typeof SIDES)[number];

/** What the rows of a side come to: in its raw rows (alias of the side's name), and as stored (m). */
const SIZES: Readonly<Record<Side, { readonly raw: string; readonly stored: string }>> = {
  usage: { raw: usageSize('usage'), stored: usageSize('m') },
  errors: { raw: errorSize('errors', 'm'), stored: errorSize('m', 'm') },
};

/** The condition of a side's rows, and those that would count, were it not for it. */
function leftOut(
  tables: OpsTables,
  tier: RawTier,
  side: Side,
): { condition: string; rows: string; where: string } {
  const [table, alias, condition, ofGroup] =
    side === 'usage'
      ? [
          tables.usageLogs,
          'u',
          tables.usageCondition,
          ` AND u.group_id <> 0 AND (u.group_id IN (SELECT id FROM ${tables.groups})) IS TRUE`,
        ]
      : [tables.errorLogs, 'e', tables.errorCondition, ''];
  return {
    condition,
    rows: `(SELECT * FROM ${table} ${alias} WHERE ${condition} IS NOT TRUE) ${alias}`,
    where: `${inBucket(alias, widthOf(tier))}${ofGroup}`,
  };
}

/** Whether the bucket has such raw rows; asked of buckets without one that counts. */
function leavesOut(tables: OpsTables, tier: RawTier, side: Side): string {
  const { condition, rows, where } = leftOut(tables, tier, side);
  if (condition === EVERY_ROW) {
    return 'false';
  }
  return tables.distributed[side]
    ? `h.bucket_start IN (SELECT bucket_start FROM ${side}_left_out)`
    : `EXISTS (SELECT 1 FROM ${rows} WHERE ${where})`;
}

/** Where the table is distributed, no subquery may ask bucket by bucket: all are asked together, in a CTE. */
function leavingOut(tables: OpsTables, tier: RawTier, side: Side): string {
  const { condition, rows, where } = leftOut(tables, tier, side);
  return !tables.distributed[side] || condition === EVERY_ROW
    ? ''
    : `${side}_left_out AS MATERIALIZED (
  SELECT h.bucket_start FROM buckets h JOIN ${rows} ON ${where}
  WHERE h.${side}_mode <> 'keep' AND h.bucket_start NOT IN (SELECT bucket_start FROM ${side}_overall)
  GROUP BY h.bucket_start
),
`;
}

/**
 * Where rows disappear from the old end on, a purge is at work: a bucket that begins before its table's edge does not
 * shrink. An empty table has been purged as a whole.
 *
 * Whatever a bucket was noted for, a smaller count says nothing where its row has another definition: a new filter may
 * leave few of its rows, or none.
 */
function verdict(tables: OpsTables, tier: RawTier, side: Side): string {
  const { raw, stored } = SIZES[side];
  const isRedefined = `(h.${side}_mode = 'redefine' OR ${isOldDefinition(storedVersion('m'), String(tables.definition))})`;
  return `CASE
      WHEN h.${side}_mode = 'keep' THEN 'keep'
      WHEN h.${side}_mode = 'take' OR m.bucket_start IS NULL OR ${raw} >= ${stored} THEN 'take'
      WHEN h.bucket_start < edge.${side} THEN CASE WHEN h.asked THEN 'hold' ELSE 'keep' END
      WHEN h.${side}_mode = 'edge' THEN 'take'
      WHEN ${raw} = 0 AND NOT (${isRedefined} AND ${leavesOut(tables, tier, side)}) THEN 'hold'
      WHEN ${isRedefined} THEN 'take'
      WHEN 2 * (${raw}) < ${stored} THEN 'hold'
      WHEN NOT h.settled THEN 'wait'
      ELSE 'take'
    END AS ${side}`;
}

const oldestHour = (table: string): string =>
  hourOf(`(SELECT min(created_at) FROM ${table} WHERE ${hasBucket('created_at')})`);

/**
 * - `purge`: the hour of the oldest raw row and the next, which a purge may just be emptying.
 * - `followed`: the buckets that lie before every raw row of a table whose rows the module follows; where it does not,
 *   and where there is no raw row at all, nothing says that there have been others.
 */
const EDGES = {
  purge: (_tables: OpsTables, { name }: RawTable): string =>
    `COALESCE(${oldestHour(name)} + interval '2 hours', 'infinity')`,
  followed: (tables: OpsTables, { key, name }: RawTable): string =>
    `COALESCE(CASE WHEN EXISTS (SELECT 1 FROM ${tables.detectState} WHERE raw_table = '${key}') THEN ${oldestHour(name)} END, '-infinity')`,
} as const;

export type Edge = keyof typeof EDGES;

/** A one-row relation of the edges of both raw tables: `usage`, `errors`. */
export const edges = (tables: OpsTables, edge: Edge): string =>
  `(SELECT ${rawTables(tables)
    .map((table) => `${EDGES[edge](tables, table)} AS ${table.side}`)
    .join(', ')})`;

const OVERALL = `platform_key = '' AND group_key = 0`;

/**
 * CTEs that end in `judged`: for each of `buckets` (bucket_start, usage_mode, errors_mode, asked, settled) a
 * {@link Verdict} per side, and how many requests its raw rows give. They read `usage_raw` and `errors_raw`, the two
 * sides as their raw rows give them.
 *
 * The overall row speaks for its bucket.
 */
export function judgedSides(tables: OpsTables, tier: RawTier, edge: Edge): string {
  return `edge AS MATERIALIZED (
  SELECT * FROM ${edges(tables, edge)} e
),
usage_overall AS MATERIALIZED (
  SELECT bucket_start, success_count FROM usage_raw WHERE ${OVERALL}
),
errors_overall AS MATERIALIZED (
  SELECT * FROM errors_raw WHERE ${OVERALL}
),
${SIDES.map((side) => leavingOut(tables, tier, side)).join('')}judged AS MATERIALIZED (
  SELECT h.bucket_start,
    ${SIDES.map((side) => verdict(tables, tier, side)).join(',\n    ')},
    COALESCE(usage.success_count, 0) + COALESCE(errors.error_count_total, 0) AS requests
  FROM edge CROSS JOIN buckets h
  LEFT JOIN ${storeOf(tables, tier).table} m ON m.bucket_start = h.bucket_start AND ${isOverallRow('m')}
  LEFT JOIN usage_overall usage ON usage.bucket_start = h.bucket_start
  LEFT JOIN errors_overall errors ON errors.bucket_start = h.bucket_start
)`;
}

/** That a stored row `m` has a side: it counts something of it; one that counts nothing stems from errors. */
export const HAS_SIDE: Readonly<Record<Side, string>> = {
  usage: 'm.success_count > 0',
  errors: `(m.success_count = 0 OR ${ERROR_COLUMNS.map((column) => `m.${column} <> 0`).join(' OR ')})`,
};

/**
 * That a side of the bucket of a raw row `r` is taken. A hashed subplan: the planner knows nothing of how many rows there
 * are, and would hold each of them against each bucket.
 */
export const isTaken = (side: Side): string =>
  `(r.bucket_start IN (SELECT bucket_start FROM judged WHERE ${side} = 'take')) IS TRUE`;
