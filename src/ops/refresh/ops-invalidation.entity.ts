import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Why an hour is stale. */
export type InvalidationReason = 'backfill' | 'new_rows' | 'overlap' | 'definition' | 'verify' | 'rebuild';

/** An hour whose metrics rows no longer follow from its raw rows, until a drain has recomputed it. */
@Entity({ name: 'ops_metrics_invalidations' })
export class OpsInvalidation {
  /** Start of the UTC hour. */
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
}
