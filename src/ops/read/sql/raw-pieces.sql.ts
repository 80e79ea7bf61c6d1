import { ERROR_COUNTS, LATENCIES, TOKENS, USAGE_GROUP_JOIN } from '../../metrics/definitions.js';
import { roundedLatency } from '../../metrics/distribution-bins.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import type { LevelSql } from './level.sql.js';

const inRange = (alias: string): string => `${alias}.created_at >= r.starts AND ${alias}.created_at < r.ends`;

/** The raw rows of every raw range, each read by one index range scan; only what the answer needs of them. */
export function rawRelations(tables: OpsTables, level: LevelSql): string {
  return `usage_row AS MATERIALIZED (
  SELECT r.segment, r.starts, r.whole_hour, l.*
  FROM raw_range r CROSS JOIN LATERAL (
    SELECT ${level.usageKey} AS key, ${TOKENS} AS tokens, ${LATENCIES.map(([, column]) => `u.${column}`).join(', ')}
    FROM (SELECT * FROM ${tables.usageLogs} u WHERE ${inRange('u')} OFFSET 0) u
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE ${level.usage}
  ) l
)`;
}

const NO_LATENCY = '0, 0, NULL, NULL, NULL, true, NULL';

/** Counts of the usage side, then its distributions, then counts of the error side. */
export function rawPieces(tables: OpsTables, level: LevelSql): string {
  const totals = LATENCIES.map(
    ([, column]) => `
    count(${column}), COALESCE(sum(${column}), 0), max(${column}), NULL, NULL, true, NULL`,
  );
  const cells = LATENCIES.map(([name, column]) => {
    const mine =
      "0, 0, NULL, '{' || string_agg(value::text, ',') || '}', '{' || string_agg(times::text, ',') || '}', true, NULL";
    const columns = LATENCIES.map(([other]) => (other === name ? mine : NO_LATENCY));
    return `SELECT segment, 'raw', key, NULL, false, 0, ${ERROR_COUNTS.map(() => '0').join(', ')}, 0,
    ${columns.join(',\n    ')}
  FROM (
    SELECT segment, key, ${roundedLatency(column)} AS value, count(*) AS times
    FROM usage_row WHERE ${column} IS NOT NULL GROUP BY 1, 2, 3
  ) cell
  GROUP BY segment, key`;
  });
  return `SELECT segment, 'raw', key, starts, whole_hour, count(*), ${ERROR_COUNTS.map(() => '0').join(', ')},
    sum(tokens)::bigint,${totals.join(',')}
  FROM usage_row GROUP BY segment, starts, whole_hour, key
  UNION ALL
  ${cells.join('\n  UNION ALL\n  ')}
  UNION ALL
  SELECT r.segment, 'raw', l.key, r.starts, r.whole_hour, 0, ${ERROR_COUNTS.map(([column]) => `l.${column}`).join(', ')}, 0,
    ${LATENCIES.map(() => NO_LATENCY).join(', ')}
  FROM raw_range r CROSS JOIN LATERAL (
    SELECT ${level.errorKey} AS key,
      ${ERROR_COUNTS.map(([column, condition]) => `count(*) FILTER (WHERE ${condition}) AS ${column}`).join(',\n      ')}
    FROM ${tables.errorLogs} e
    WHERE ${inRange('e')} AND ${level.error}
    GROUP BY 1
  ) l`;
}
