import { OpsMetricsDaily } from './definitions/ops-metrics-daily.entity.js';
import { OpsMetricsDimensionDaily } from './definitions/ops-metrics-dimension-daily.entity.js';
import { OpsMetricsDimensionHourly } from './definitions/ops-metrics-dimension-hourly.entity.js';
import { OpsMetricsHourly } from './definitions/ops-metrics-hourly.entity.js';
import { OpsMetricsMinutely } from './definitions/ops-metrics-minutely.entity.js';
import { OpsJobHeartbeat } from './jobs/ops-job-heartbeat.entity.js';

/**
 * List these in the `entities` of the DataSource that OpsModule uses: what a host may want to query. The module's other
 * tables are its own affair (docs/specification.md); the migrations create them.
 */
export const opsEntities = [
  OpsMetricsMinutely,
  OpsMetricsHourly,
  OpsMetricsDaily,
  OpsMetricsDimensionHourly,
  OpsMetricsDimensionDaily,
  OpsJobHeartbeat,
] as const;
