/** What the admin endpoints answer, by the names that the page has for it. */
export type { Refresh } from '../../jobs/refresh.schemas.js';
export type { RebuildProgress as Rebuild } from '../../rebuild/rebuild.schemas.js';
export type { OpsRequest, Requests } from '../../requests/requests.schemas.js';
export type { RunState } from '../../runs/run.schemas.js';
export type {
  JobState,
  OpsStatus as Status,
  RawTableState,
  TroubledBucket,
} from '../../status/status.schemas.js';
export type {
  Difference as VerifyDifference,
  UnjudgedBucket,
  UnjudgedReason,
  Verification,
  VerificationSummary,
} from '../../verify/verify.schemas.js';
