import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * An hour whose hourly rows the retention has dropped. Its day keeps the daily rows that were computed from all of its
 * hours, until a forced rebuild has restored every hour of the day.
 */
@Entity({ name: 'ops_metrics_dropped_hours' })
export class OpsDroppedHour {
  /** Start of the UTC hour. */
  @PrimaryColumn({
    name: 'bucket_start',
    type: 'timestamptz',
    primaryKeyConstraintName: 'ops_metrics_dropped_hours_pkey',
  })
  bucketStart!: Date;

  @Column({ name: 'dropped_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  droppedAt!: Date;
}
