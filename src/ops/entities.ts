import { OpsMetricsDaily } from './definitions/ops-metrics-daily.entity.js';
import { OpsMetricsHourly } from './definitions/ops-metrics-hourly.entity.js';
import { OpsAuditState } from './audit/ops-audit-state.entity.js';
import { OpsDetectState } from './detection/ops-detect-state.entity.js';
import { OpsDroppedHour } from './invalidation/ops-dropped-hour.entity.js';
import { OpsInvalidation } from './invalidation/ops-invalidation.entity.js';
import { OpsJobHeartbeat } from './jobs/ops-job-heartbeat.entity.js';
import { OpsKnownGroup } from './jobs/ops-known-group.entity.js';
import { OpsRebuild } from './rebuild/ops-rebuild.entity.js';
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
