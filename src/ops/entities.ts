import { OpsMetricsDaily } from './metrics/ops-metrics-daily.entity.js';
import { OpsMetricsHourly } from './metrics/ops-metrics-hourly.entity.js';
import { OpsAuditState } from './refresh/ops-audit-state.entity.js';
import { OpsDetectState } from './refresh/ops-detect-state.entity.js';
import { OpsDroppedHour } from './refresh/ops-dropped-hour.entity.js';
import { OpsInvalidation } from './refresh/ops-invalidation.entity.js';
import { OpsJobHeartbeat } from './refresh/ops-job-heartbeat.entity.js';
import { OpsKnownGroup } from './refresh/ops-known-group.entity.js';
import { OpsRebuild } from './refresh/ops-rebuild.entity.js';
import { OpsRun } from './runs/ops-run.entity.js';

/** List these in the `entities` of the DataSource that OpsModule uses. */
export const opsEntities = [
  OpsMetricsHourly,
  OpsMetricsDaily,
  OpsJobHeartbeat,
  OpsInvalidation,
  OpsDetectState,
  OpsRebuild,
  OpsDroppedHour,
  OpsAuditState,
  OpsKnownGroup,
  OpsRun,
] as const;
