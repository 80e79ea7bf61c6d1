/** A stored value that is not what the raw rows (for a day: its hourly rows) give. */
export interface Difference {
  readonly table: 'hourly' | 'daily';
  /** Start of the UTC hour (ISO 8601), or the UTC day (YYYY-MM-DD). */
  readonly bucket: string;
  readonly level: 'overall' | 'platform' | 'group';
  readonly platform: string | null;
  readonly groupId: string | null;
  /** `(row)` where the whole row is missing on one side. */
  readonly column: string;
  /** As text; of a distribution the rounded form that both are compared in, shortened. */
  readonly stored: string | null;
  readonly computed: string | null;
  /** The bucket is known to be stale: the next drain recomputes it. */
  readonly pending: boolean;
}

export const UNJUDGED_REASONS = [
  /** Below a raw table's floor, and the stored rows count more than the raw rows that are left. */
  'raw_rows_purged',
  /** Its recomputation is held back, since it would lose more than half of its requests. */
  'held_back',
  /** Below the configured floor, and there are more raw rows than stored: late ones, which are not applied there. */
  'late_rows_not_applied',
  /** The retention has dropped the hourly rows (for a day: those of one of its hours). */
  'hourly_rows_dropped',
  /** It alone takes longer than a statement may. */
  'timed_out',
] as const;

export type UnjudgedReason = (typeof UNJUDGED_REASONS)[number];

/** A bucket of which columns were not compared. */
export interface UnjudgedBucket {
  readonly table: 'hourly' | 'daily';
  /** Start of the UTC hour (ISO 8601), or the UTC day (YYYY-MM-DD). */
  readonly bucket: string;
  /** Why those that come from usage_logs were not; null where they were. */
  readonly usage: UnjudgedReason | null;
  /** Why those that come from ops_error_logs were not; null where they were. */
  readonly errors: UnjudgedReason | null;
}

export interface VerifyReport {
  /** The range, widened to whole UTC hours; ISO 8601. */
  readonly from: string;
  /** Exclusive; cut at the last closed hour. */
  readonly to: string;
  /** Closed hours of the range. */
  readonly hoursTotal: number;
  /** Of them, the ones that have been looked at: all, unless it was stopped. */
  readonly hours: number;
  /** Hours and days of which columns could not be judged. */
  readonly unjudgedCount: number;
  /** The first {@link MAX_LISTED_UNJUDGED} of them. */
  readonly unjudged: readonly UnjudgedBucket[];
  readonly differenceCount: number;
  /** The first {@link MAX_LISTED_DIFFERENCES} of them. */
  readonly differences: readonly Difference[];
  /** Hours noted for recomputation. */
  readonly notedHours: number;
  /** Days noted for recomputation. */
  readonly notedDays: number;
}

/** Differences listed in a report; all are counted. It bounds the memory that any range can take. */
export const MAX_LISTED_DIFFERENCES = 1_000;

/** Buckets listed as not judged; all are counted. */
export const MAX_LISTED_UNJUDGED = 1_000;

export interface VerifyRun {
  /** Called after each step, at most a UTC day, with the report so far; the next step waits for it. */
  readonly onProgress?: (report: VerifyReport) => Promise<void> | void;
  /** Once aborted, the report so far is returned after the step under way. */
  readonly signal?: AbortSignal;
}
