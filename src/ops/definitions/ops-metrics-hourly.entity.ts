import { Column, Entity, Index } from 'typeorm';
import { OpsMetricsRow } from './ops-metrics-row.js';

// Expression, partial and descending indexes cannot be declared here: the migrations create them, and
// synchronize: false keeps a schema comparison from dropping them.
@Entity({ name: 'ops_metrics_hourly' })
@Index('idx_ops_metrics_hourly_unique_dim', { synchronize: false })
@Index('idx_ops_metrics_hourly_definition', { synchronize: false })
@Index('idx_ops_metrics_hourly_distributed', { synchronize: false })
@Index('idx_ops_metrics_hourly_bucket', { synchronize: false })
@Index('idx_ops_metrics_hourly_platform_bucket', { synchronize: false })
@Index('idx_ops_metrics_hourly_group_bucket', { synchronize: false })
@Index('idx_ops_metrics_hourly_overall', { synchronize: false })
export class OpsMetricsHourly extends OpsMetricsRow {
  /** Start of the UTC hour. */
  @Column({ name: 'bucket_start', type: 'timestamptz' })
  bucketStart!: Date;
}
