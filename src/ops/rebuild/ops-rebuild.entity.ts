import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A rebuild that somebody asked for. Its progress is what is left of its hours in the invalidation log. */
@Entity({ name: 'ops_rebuilds' })
@Index('idx_ops_rebuilds_active', { synchronize: false })
export class OpsRebuild {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'range_start', type: 'timestamptz' })
  rangeStart!: Date;

  @Column({ name: 'range_end', type: 'timestamptz' })
  rangeEnd!: Date;

  @Column({ name: 'hours_total', type: 'int' })
  hoursTotal!: number;

  @Column({ type: 'boolean', default: false })
  forced!: boolean;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ name: 'requested_by', type: 'varchar', length: 128, nullable: true })
  requestedBy!: string | null;

  @Column({ name: 'requested_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  requestedAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;

  @Column({ name: 'cancelled_at', type: 'timestamptz', nullable: true })
  cancelledAt!: Date | null;

  @Column({ name: 'hours_cancelled', type: 'int', default: 0 })
  hoursCancelled!: number;

  /** Hours that were failing or held back when the rest had been done. */
  @Column({ name: 'hours_failed', type: 'int', default: 0 })
  hoursFailed!: number;
}
