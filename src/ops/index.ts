/**
 * The door of the package: what a host imports. docs/embedding.md describes it; no file inside imports this one.
 */

export { gatewayMigrations, opsMigrations, opsMigrationsIn } from '../../migrations/index.js';
export { opsEntities } from './entities.js';
export { OpsMetricsDaily } from './definitions/ops-metrics-daily.entity.js';
export { OpsMetricsDimensionDaily } from './definitions/ops-metrics-dimension-daily.entity.js';
export { OpsMetricsDimensionHourly } from './definitions/ops-metrics-dimension-hourly.entity.js';
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
export { ErrorAnswer } from './http/error-answers.js';
export { Answers } from './http/openapi.js';
export { ISO_INSTANT_EXPECTED, parseIsoInstant } from './common/iso-instant.js';
export { OpsPrometheusService } from './prometheus/ops-prometheus.service.js';
export { OpsPreaggService } from './rollup/ops-preagg.service.js';
export { OpsDataSourceError } from './rollup/ops-data-source.error.js';
export { errorText } from './sql/database-errors.js';
export { OpsJobs, type JobRun } from './jobs/ops-jobs.service.js';
export { boundQueries, LostConnectionError, type QueryBound } from './sql/bound-queries.js';
export type { MaintenanceTick, Refresh, RefreshTick } from './jobs/refresh.schemas.js';
export { RefreshService } from './jobs/refresh.service.js';
export type { RebuildProgress, RebuildRequest } from './rebuild/rebuild.schemas.js';
export { RebuildService } from './rebuild/rebuild.service.js';
export { ReadService } from './read/read.service.js';
export type { ExactSum, Measures } from './read/measures.schemas.js';
export type {
  BreakdownQuery,
  LatencyDistributionQuery,
  LevelQuery,
  OverviewQuery,
  TrendQuery,
} from './read/read-query.schemas.js';
export type { Breakdown, LatencyDistribution, Overview, Trend } from './read/read.schemas.js';
export type { Series, SeriesQuery } from './read/series.schemas.js';
export { OpsBusyError, OpsReadTimeoutError, OpsSumOutOfRangeError } from './read/read-errors.js';
export { RequestsService } from './requests/requests.service.js';
export type { RequestsQuery } from './requests/requests-query.schemas.js';
export type { OpsRequest, Requests } from './requests/requests.schemas.js';
export { OpsRequestsTimeoutError, OpsRequestsUnservedError } from './requests/requests.errors.js';
export type { OpsStatus } from './status/status.schemas.js';
export { StatusService } from './status/status.service.js';
export { VerifyService, type VerifyRun } from './verify/verify.service.js';
export type {
  Difference,
  UnjudgedBucket,
  UnjudgedReason,
  Verification,
  VerificationRequest,
  VerificationSummary,
  VerifyReport,
} from './verify/verify.schemas.js';
export { VerificationsService } from './verify/verifications.service.js';
export { OpsRunActiveError, OpsRunEndedError, OpsRunError, OpsRunNotFoundError } from './runs/run.errors.js';
export { OpsError, OpsInputError } from './common/ops.error.js';
export { OpsBelowFloorError } from './ranges/below-floor.error.js';
export { OpsRebuildEndedError, OpsRebuildNotFoundError } from './rebuild/rebuild.errors.js';
