import {
  COST_COLUMNS,
  DISTRIBUTED,
  ERROR_COUNTS,
  TOKEN_COLUMNS,
  TOKENS,
  USAGE_GROUP_JOIN,
  type CostColumn,
} from '../../definitions/definitions.js';
import { roundedLatency } from '../../definitions/distribution-bins.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import { errorRanges, usageRanges } from './distributed-ranges.js';
import type { LevelSql } from './level.sql.js';
import { SPLIT_SUMS } from './stored-pieces.sql.js';

const inRange = (alias: string): string => `${alias}.created_at >= r.starts AND ${alias}.created_at < r.ends`;

/**
 * Up to so many raw ranges, of an hour or less each, their latencies are sent as they are and counted by the caller:
 * half the time of counting them here. While a first backfill runs there may be hundreds, and too much to send.
 */
const RANGES_SENT_RAW = 12;

/** NULL where the gateway keeps none. */
const costOf = ({ costs }: OpsTables, column: CostColumn): string =>
  costs[column] === null ? 'NULL::numeric' : `COALESCE(sum(${costs[column]}), 0)`;

/** Which rows of one kind are grouped, and by what. */
interface Grouped {
  readonly key: string;
  readonly join: string;
  readonly where: string;
  readonly by: string;
}

/**
 * By the key of the level, if it has one. With a total, the rows of that are read, once, and are together, without a key,
 * another group: those of the level are among them.
 */
function grouped(level: LevelSql, total: LevelSql | null, kind: 'usage' | 'error'): Grouped {
  const key = (kind === 'usage' ? level.key?.ofUsage : level.key?.ofError) ?? 'NULL::text';
  return total === null
    ? { key, join: '', where: level[kind], by: '1' }
    : {
        key: 'k.key',
        join: `CROSS JOIN LATERAL (SELECT CASE WHEN ${level[kind]} THEN ${key} END AS key) k`,
        where: total[kind],
        by: 'GROUPING SETS ((k.key), ()) HAVING count(*) > 0 AND (GROUPING(k.key) = 1 OR k.key IS NOT NULL)',
      };
}

/**
 * The raw rows of every raw range, each read by one index range scan: `usage_range` with all latencies of its rows,
 * and `error_range`.
 */
export function rawRelations(tables: OpsTables, level: LevelSql, total: LevelSql | null): string {
  const [usage, error] = [grouped(level, total, 'usage'), grouped(level, total, 'error')];
  const collected = DISTRIBUTED.flatMap(([name]) => [
    `count(u.${name}) AS ${name}_samples`,
    `COALESCE(sum(u.${name}), 0) AS ${name}_sum`,
    `max(u.${name}) AS ${name}_max`,
    `array_agg(u.${name}) FILTER (WHERE u.${name} IS NOT NULL) AS ${name}_raw`,
  ]);
  const values = DISTRIBUTED.map(([name, , raw]) => `${raw} AS ${name}`).join(', ');
  const usageRange = `usage_range AS MATERIALIZED (
  SELECT r.segment, r.part_of, r.whole_hour, l.*
  FROM raw_range r CROSS JOIN LATERAL (
    SELECT ${usage.key} AS key, count(*) AS success_count, sum(${TOKENS})::bigint AS token_consumed,
      ${TOKEN_COLUMNS.map((column) => `COALESCE(sum(u.${column}), 0) AS ${column}`).join(', ')},
      ${COST_COLUMNS.map((column) => `${costOf(tables, column)} AS ${column}`).join(', ')},
      ${collected.join(',\n      ')}
    FROM (SELECT u.*, ${values} FROM ${tables.usageLogs} u WHERE ${inRange('u')} AND ${tables.usageCondition} OFFSET 0) u
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    ${usage.join}
    WHERE ${usage.where}
    GROUP BY ${usage.by}
  ) l
)`;
  const errorRange = `error_range AS MATERIALIZED (
  SELECT r.segment, r.part_of, r.whole_hour, l.*
  FROM raw_range r CROSS JOIN LATERAL (
    SELECT ${error.key} AS key,
      ${ERROR_COUNTS.map(([column, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${column}`).join(',\n      ')}
    FROM ${tables.errorLogs} e
    ${error.join}
    WHERE ${inRange('e')} AND ${error.where} AND ${tables.errorCondition}
    GROUP BY ${error.by}
  ) l
)`;
  return `${tables.distributed.usage ? usageRanges(tables, level, total) : usageRange},
${tables.distributed.errors ? errorRanges(tables, level, total) : errorRange},
sending AS MATERIALIZED (
  SELECT count(*) <= ${RANGES_SENT_RAW} AS raw FROM raw_range
)`;
}

/**
 * Counts and latencies of the usage side, then the counts of the error side; in a breakdown, of the keys in `top` only,
 * and of the total. Raw latencies come without counts.
 */
export function rawPieces(level: LevelSql): string {
  const collected = DISTRIBUTED.map(
    ([name]) => `u.${name}_samples, u.${name}_sum, u.${name}_max,
    CASE WHEN s.raw THEN u.${name}_raw::text ELSE ${name}.vals END, ${name}.counts, true, NULL`,
  );
  const counted = DISTRIBUTED.map(
    ([name]) => `CROSS JOIN LATERAL (
    SELECT '{' || string_agg(value::text, ',') || '}' AS vals, '{' || string_agg(times::text, ',') || '}' AS counts
    FROM (
      SELECT ${roundedLatency('x')} AS value, count(*) AS times
      FROM unnest(CASE WHEN NOT s.raw THEN u.${name}_raw END) AS x GROUP BY 1
    ) bin
  ) ${name}`,
  );
  const isTop = (alias: string): string =>
    level.key === null ? '' : `\n  WHERE ${alias}.key IS NULL OR ${alias}.key IN (SELECT key FROM top)`;
  return `SELECT u.segment, 'raw', u.key::text, u.part_of, u.whole_hour, u.success_count,
    ${ERROR_COUNTS.map(() => '0').join(', ')}, u.token_consumed,
    ${SPLIT_SUMS.map((column) => `u.${column}`).join(', ')}, NULL::timestamptz,
    ${collected.join(',\n    ')}, NULL::text
  FROM usage_range u CROSS JOIN sending s
  ${counted.join('\n  ')}${isTop('u')}
  UNION ALL
  SELECT e.segment, 'raw', e.key::text, e.part_of, e.whole_hour, 0, ${ERROR_COUNTS.map(([column]) => `e.${column}`).join(', ')}, 0,
    ${SPLIT_SUMS.map(() => '0').join(', ')}, NULL,
    ${DISTRIBUTED.map(() => NO_SAMPLES).join(', ')}, NULL
  FROM error_range e${isTop('e')}`;
}

const NO_SAMPLES = '0, 0, NULL, NULL, NULL, true, NULL';
