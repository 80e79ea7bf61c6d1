export { gatewayMigrations, opsMigrations, opsMigrationsIn } from '../../migrations/index.js';
export { opsEntities } from './entities.js';
export { OpsMetricsDaily } from './metrics/ops-metrics-daily.entity.js';
export { OpsMetricsHourly } from './metrics/ops-metrics-hourly.entity.js';
export { OpsJobHeartbeat } from './refresh/ops-job-heartbeat.entity.js';
export { OpsModule, type OpsModuleAsyncOptions, type OpsModuleStructure } from './ops.module.js';
export { OpsOptions, OpsOptionsError, resolveOptions, type OpsModuleOptions } from './ops.options.js';
export { OpsAdminDoor } from './http/ops-admin-door.js';
export { OpsErrorFilter, type OpsErrorBody } from './http/ops-error.filter.js';
export { ApiOpenEndpoint } from './http/open-endpoint.js';
export { errorAnswer, OpsErrorResponse } from './http/ops-error.response.js';
export { IsCronExpression } from './is-cron-expression.js';
export { ISO_INSTANT_EXPECTED, parseIsoInstant } from './metrics/iso-instant.js';
export { problemsOf, type ValidationProblem } from './validation-problems.js';
export { OpsPrometheusService } from './prometheus/ops-prometheus.service.js';
export { OpsPreaggService } from './rollup/ops-preagg.service.js';
export { OpsDataSourceError } from './rollup/ops-data-source.error.js';
export { errorText } from './refresh/database-errors.js';
export { OpsJobs, type JobRun } from './refresh/ops-jobs.service.js';
export { boundQueries, LostConnectionError, type QueryBound } from './sql/bound-queries.js';
export { RefreshService, type DailyTick, type HourlyTick } from './refresh/refresh.service.js';
export { RebuildService, type RebuildProgress, type RebuildRequest } from './refresh/rebuild.service.js';
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
export { StatusService, type OpsStatus } from './refresh/status.service.js';
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
export {
  OpsBelowFloorError,
  OpsInputError,
  OpsRebuildEndedError,
  OpsRebuildNotFoundError,
} from './refresh/ops-input.error.js';
