import { Column, Entity, Index } from 'typeorm';
import { OpsMetricsDimensionRow } from './ops-metrics-dimension-row.js';

// Its index has an expression: as of OpsMetricsHourly, the migration creates it.
@Entity({ name: 'ops_metrics_dimension_daily' })
@Index('idx_ops_metrics_dimension_daily_unique', { synchronize: false })
export class OpsMetricsDimensionDaily extends OpsMetricsDimensionRow {
  /** The UTC day, `YYYY-MM-DD`. */
  @Column({ name: 'bucket_date', type: 'date' })
  bucketDate!: string;
}
