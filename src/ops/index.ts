/**
 * The door of the package: what a host imports. docs/embedding.md describes it; no file inside imports this one.
 */

export { opsMigrations, opsMigrationsIn } from '../../migrations/index.js';
export { opsEntities } from './entities.js';
export { OpsMetricsDaily } from './definitions/ops-metrics-daily.entity.js';
export { OpsMetricsHourly } from './definitions/ops-metrics-hourly.entity.js';
export { OpsJobHeartbeat } from './jobs/ops-job-heartbeat.entity.js';
export { OpsModule, type OpsModuleAsyncOptions, type OpsModuleStructure } from './ops.module.js';
export {
  OpsOptions,
  OpsOptionsError,
  opsOptionsSchema,
  resolveOptions,
  type OpsModuleOptions,
} from './options/ops.options.js';
export { check, type Problem } from './common/validated.js';
export { OpsAdminDoor } from './http/ops-admin-door.js';
export { OpsErrorFilter, type OpsErrorBody } from './http/ops-error.filter.js';
export { ApiOpenEndpoint } from './http/open-endpoint.js';
export { errorAnswer, OpsErrorResponse } from './http/ops-error.response.js';
export { ISO_INSTANT_EXPECTED, parseIsoInstant } from './common/iso-instant.js';
export { OpsPrometheusService } from './prometheus/ops-prometheus.service.js';
export { OpsPreaggService } from './rollup/ops-preagg.service.js';
export { OpsDataSourceError } from './rollup/ops-data-source.error.js';
export { errorText } from './sql/database-errors.js';
export { OpsJobs, type JobRun } from './jobs/ops-jobs.service.js';
export { boundQueries, LostConnectionError, type QueryBound } from './sql/bound-queries.js';
export { RefreshService, type MaintenanceTick, type RefreshTick } from './jobs/refresh.service.js';
export { RebuildService, type RebuildProgress, type RebuildRequest } from './rebuild/rebuild.service.js';
export { ReadService } from './read/read.service.js';
export type {
  Breakdown,
  ExactSum,
  LatencyDistribution,
  Measures,
  Overview,
  Trend,
} from './read/read.types.js';
export { OpsBusyError, OpsReadTimeoutError, OpsSumOutOfRangeError } from './read/read-errors.js';
export { StatusService, type OpsStatus } from './status/status.service.js';
export { VerifyService } from './verify/verify.service.js';
export type {
  Difference,
  UnjudgedBucket,
  UnjudgedReason,
  VerifyReport,
  VerifyRun,
} from './verify/verify.types.js';
export {
  VerificationsService,
  type Verification,
  type VerificationRequest,
  type VerificationSummary,
} from './verify/verifications.service.js';
export { OpsRunActiveError, OpsRunEndedError, OpsRunError, OpsRunNotFoundError } from './runs/run.errors.js';
export { OpsError, OpsInputError } from './common/ops.error.js';
export { OpsBelowFloorError } from './ranges/below-floor.error.js';
export { OpsRebuildEndedError, OpsRebuildNotFoundError } from './rebuild/rebuild.errors.js';
