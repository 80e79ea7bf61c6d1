import { Column, Entity, Index } from 'typeorm';
import { OpsMetricsRow } from './ops-metrics-row.js';

// Expression, partial and descending indexes cannot be declared here: the migrations create them, and
// synchronize: false keeps a schema comparison from dropping them.
@Entity({ name: 'ops_metrics_daily' })
@Index('idx_ops_metrics_daily_unique_dim', { synchronize: false })
@Index('idx_ops_metrics_daily_definition', { synchronize: false })
@Index('idx_ops_metrics_daily_bucket', { synchronize: false })
@Index('idx_ops_metrics_daily_platform_bucket', { synchronize: false })
@Index('idx_ops_metrics_daily_group_bucket', { synchronize: false })
@Index('idx_ops_metrics_daily_overall', { synchronize: false })
export class OpsMetricsDaily extends OpsMetricsRow {
  /** The UTC day, `YYYY-MM-DD`. */
  @Column({ name: 'bucket_date', type: 'date' })
  bucketDate!: string;
}
