import { LATENCY_COLUMNS, SAMPLE_COLUMNS } from '../../metrics/columns.js';
import { ERROR_COUNTS } from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { distributionColumns } from './distribution-columns.js';
import { errorsSide } from './errors-side.js';
import type { BucketWidth } from './levels.js';
import { usageSide } from './usage-side.js';

/**
 * Selects the columns of ops_metrics_hourly, computed for every bucket of the CTE `hours`. The two raw tables
 * are rolled up apart and joined at the level, so that neither multiplies the other's rows.
 */
export function computedHours(tables: OpsTables, distributions: boolean, width: BucketWidth): string {
  const columns = [
    'COALESCE(s.success_count, 0) AS success_count',
    ...ERROR_COUNTS.map(([column]) => `COALESCE(f.${column}, 0) AS ${column}`),
    'COALESCE(s.token_consumed, 0) AS token_consumed',
    ...LATENCY_COLUMNS.map((column) => `s.${column}`),
    ...SAMPLE_COLUMNS.map((column) => `COALESCE(s.${column}, 0) AS ${column}`),
    ...distributionColumns('s'),
  ];
  return `SELECT bucket_start, group_key, platform_key,
    ${columns.join(',\n    ')}
  FROM (
  ${usageSide(tables, distributions, width)}
  ) s
  FULL JOIN (
  ${errorsSide(tables, width)}
  ) f USING (bucket_start, platform_key, group_key)`;
}
