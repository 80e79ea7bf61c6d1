import { Column, Entity, Index } from 'typeorm';
import { OpsMetricsRow } from './ops-metrics-row.js';

// Indexes as of OpsMetricsHourly: the migrations create them.
@Entity({ name: 'ops_metrics_minutely' })
@Index('idx_ops_metrics_minutely_unique_dim', { synchronize: false })
@Index('idx_ops_metrics_minutely_group_bucket', { synchronize: false })
@Index('idx_ops_metrics_minutely_overall', { synchronize: false })
export class OpsMetricsMinutely extends OpsMetricsRow {
  /** Start of the UTC minute; the running one has a row too, which the next tick renews. */
  @Column({ name: 'bucket_start', type: 'timestamptz' })
  bucketStart!: Date;
}
