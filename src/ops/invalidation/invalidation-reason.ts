/**
 * Why a bucket is stale: the first backfill; new raw rows; raw rows that the audit found to differ; an older definition
 * or another program's; a verification; a rebuild; a direct call of OpsPreaggService; for a day, its hours.
 */
export type InvalidationReason =
  'backfill' | 'new_rows' | 'audit' | 'definition' | 'verify' | 'rebuild' | 'by_hand' | 'hours' | 'restored';
