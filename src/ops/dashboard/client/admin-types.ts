/** What the page reads of the admin endpoints' answers; test/browser/support/contract.ts holds it to the services. */
export interface Status {
  readonly now: string;
  readonly closedThrough: string;
  readonly rawFloor: string | null;
  readonly definitionVersion: number;
  readonly latestBuckets: { readonly hourly: string | null; readonly daily: string | null };
  readonly rows: { readonly hourly: string; readonly daily: string };
  readonly invalidations: {
    readonly pending: number;
    readonly waitingToClose: number;
    readonly failing: number;
    readonly suspicious: number;
    readonly oldestPendingSince: string | null;
  };
  readonly failingBuckets: readonly TroubledBucket[];
  readonly suspiciousBuckets: readonly TroubledBucket[];
  readonly rawTables: readonly RawTableState[];
  readonly jobs: readonly JobState[];
}

export interface TroubledBucket {
  readonly bucketStart: string;
  readonly reason: string;
  readonly attempts: number;
  readonly nextAttemptAt: string;
  readonly lastError: string | null;
  readonly suspiciousSince: string | null;
}

export interface RawTableState {
  readonly rawTable: string;
  readonly lateRows: string;
  readonly belowFloorRows: string;
}

export interface JobState {
  readonly jobName: string;
  readonly lastRunAt: string | null;
  readonly lastSuccessAt: string | null;
  readonly lastErrorAt: string | null;
  readonly lastError: string | null;
  readonly lastDurationMs: string | null;
}

export interface Rebuild {
  readonly id: string;
  readonly state: 'running' | 'finished' | 'cancelled';
  readonly from: string;
  readonly to: string;
  readonly force: boolean;
  readonly reason: string | null;
  readonly requestedBy: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly hours: {
    readonly total: number;
    readonly done: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  readonly estimatedEnd: string | null;
}

export interface VerifyDifference {
  readonly table: string;
  readonly bucket: string;
  readonly level: string;
  readonly platform: string | null;
  readonly groupId: string | null;
  readonly column: string;
  readonly stored: string | null;
  readonly computed: string | null;
  readonly pending: boolean;
}

export type RunState = 'running' | 'finished' | 'cancelled' | 'failed' | 'interrupted';

export interface UnjudgedBucket {
  readonly table: string;
  readonly bucket: string;
  /** Why what comes from usage_logs was not judged; null where it was. */
  readonly usage: UnjudgedReason | null;
  readonly errors: UnjudgedReason | null;
}

export type UnjudgedReason =
  'hourly_rows_dropped' | 'raw_rows_purged' | 'held_back' | 'late_rows_not_applied' | 'timed_out';

/** As the list of verifications has it. */
export interface VerificationSummary {
  readonly id: string;
  readonly state: RunState;
  readonly error: string | null;
  readonly cancelRequestedAt: string | null;
  readonly hoursTotal: number;
  readonly hours: number;
  readonly unjudgedCount: number;
  readonly differenceCount: number;
  readonly notedHours: number;
  readonly notedDays: number;
}

export interface Verification extends VerificationSummary {
  readonly unjudged: readonly UnjudgedBucket[];
  readonly differences: readonly VerifyDifference[];
}

export interface Refresh {
  readonly id: string;
  readonly state: RunState;
  readonly error: string | null;
  readonly refresh: {
    readonly drainedHours: number;
    readonly drainedDays: number;
    readonly pendingHours: number;
    readonly ms: number;
  } | null;
  readonly maintenance: { readonly ms: number } | null;
}
