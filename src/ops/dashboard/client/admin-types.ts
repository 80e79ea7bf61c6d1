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

export interface Verification {
  readonly from: string;
  readonly to: string;
  readonly hours: number;
  readonly hoursBelowFloor: number;
  readonly differenceCount: number;
  readonly differences: readonly VerifyDifference[];
  readonly notedHours: number;
}

export interface RefreshResult {
  readonly hourly: { readonly drainedHours: number; readonly pendingHours: number; readonly ms: number };
  readonly daily: { readonly days: number; readonly ms: number };
}
