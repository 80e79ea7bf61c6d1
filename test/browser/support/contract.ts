import type {
  Rebuild,
  Refresh,
  Status,
  Verification,
  VerificationSummary,
} from '../../../src/ops/dashboard/client/admin-types.js';
import type { Refresh as RefreshRun } from '../../../src/ops/jobs/refresh-runs.service.js';
import type { RebuildProgress } from '../../../src/ops/rebuild/rebuild.service.js';
import type { OpsStatus } from '../../../src/ops/status/status.service.js';
import type * as verify from '../../../src/ops/verify/verifications.service.js';

type Reads<Page, Answer extends Page> = [Page, Answer];

/** Does not compile once an admin endpoint's answer lacks something that the page reads from it. */
export type Contract = [
  Reads<Status, OpsStatus>,
  Reads<Rebuild, RebuildProgress>,
  Reads<Verification, verify.Verification>,
  Reads<VerificationSummary, verify.VerificationSummary>,
  Reads<Refresh, RefreshRun>,
];
