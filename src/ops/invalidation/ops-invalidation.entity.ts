import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Tier } from '../definitions/tiers.js';

/**
 * Why a bucket is stale: the first backfill; new raw rows; raw rows that the audit found to differ; an older definition
 * or another program's; a verification; a rebuild; a direct call of OpsPreaggService; for a day, its hours.
 */
export type InvalidationReason =
  'backfill' | 'new_rows' | 'audit' | 'definition' | 'verify' | 'rebuild' | 'by_hand' | 'hours' | 'restored';

/** A bucket whose metrics rows no longer follow from what they are computed from, until a drain has recomputed it. */
@Entity({ name: 'ops_metrics_invalidations' })
export class OpsInvalidation {
  @PrimaryColumn({
    type: 'varchar',
    length: 8,
    default: 'hour',
    primaryKeyConstraintName: 'ops_metrics_invalidations_pkey',
  })
  tier!: Tier;

  /** Start of the UTC hour, or of the UTC day. */
  @PrimaryColumn({
    name: 'bucket_start',
    type: 'timestamptz',
    primaryKeyConstraintName: 'ops_metrics_invalidations_pkey',
  })
  bucketStart!: Date;

  @Column({ type: 'varchar', length: 16 })
  reason!: InvalidationReason;

  @Column({ name: 'noted_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  notedAt!: Date;

  /** Failed attempts so far. */
  @Column({ type: 'int', default: 0 })
  attempts!: number;

  @Column({ name: 'next_attempt_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  nextAttemptAt!: Date;

  @Column({ name: 'last_error', type: 'text', nullable: true })
  lastError!: string | null;

  /** An admin asked for it in spite of the raw floor and of the shrink guard. */
  @Column({ type: 'boolean', default: false })
  forced!: boolean;

  /** Set when a recomputation was held back because it would have lowered the hour's requests by more than half. */
  @Column({ name: 'suspicious_at', type: 'timestamptz', nullable: true })
  suspiciousAt!: Date | null;

  /** Since when it is watched because its raw rows have become fewer: a purge may be in progress. */
  @Column({ name: 'loss_seen_at', type: 'timestamptz', nullable: true })
  lossSeenAt!: Date | null;

  /** The requests that its raw rows gave at that time. */
  @Column({ name: 'loss_rows', type: 'bigint', nullable: true })
  lossRows!: string | null;
}
