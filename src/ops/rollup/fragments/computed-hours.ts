import { LATENCY_COLUMNS, SAMPLE_COLUMNS } from '../../metrics/columns.js';
import { ERROR_COUNTS } from '../../metrics/definitions.js';
import type { OpsTables } from '../../metrics/ops-tables.js';
import { distributionColumns } from './distribution-columns.js';
import { errorsOfHour } from './errors-of-hour.js';
import { usageOfHour } from './usage-of-hour.js';

/** USAGE_COLUMNS of every level, for every hour of `hours` whose usage rows are to be read. */
export function usageSide(tables: OpsTables, distributions: boolean): string {
  return `SELECT bucket_start, platform_key, group_key, success_count, token_consumed,
    ${[...LATENCY_COLUMNS, ...SAMPLE_COLUMNS, ...distributionColumns('s')].join(',\n    ')}
  FROM (
    SELECT h.bucket_start, l.* FROM hours h CROSS JOIN LATERAL (
  ${usageOfHour(tables, distributions)}
    ) l
    WHERE h.usage_mode <> 'keep'
  ) s`;
}

/** ERROR_COLUMNS of every level, for every hour of `hours` whose error rows are to be read. */
export function errorsSide(tables: OpsTables): string {
  return `SELECT h.bucket_start, l.platform_key, l.group_key, ${ERROR_COUNTS.map(([column]) => `l.${column}`).join(', ')}
  FROM hours h CROSS JOIN LATERAL (
  ${errorsOfHour(tables)}
  ) l
  WHERE h.errors_mode <> 'keep'`;
}
