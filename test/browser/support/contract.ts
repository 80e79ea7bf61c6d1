import type {
  Rebuild,
  RefreshResult,
  Status,
  Verification,
} from '../../../src/ops/dashboard/client/admin-types.js';
import type { DailyTick, HourlyTick } from '../../../src/ops/refresh/refresh.service.js';
import type { RebuildProgress } from '../../../src/ops/refresh/rebuild.service.js';
import type { OpsStatus } from '../../../src/ops/refresh/status.service.js';
import type { VerifyReport } from '../../../src/ops/refresh/verify.service.js';

type Reads<Page, Answer extends Page> = [Page, Answer];

/** Does not compile once an admin endpoint's answer lacks something that the page reads from it. */
export type Contract = [
  Reads<Status, OpsStatus>,
  Reads<Rebuild, RebuildProgress>,
  Reads<Verification, VerifyReport>,
  Reads<RefreshResult, { hourly: HourlyTick; daily: DailyTick }>,
];
