import { Column, Entity, Index } from 'typeorm';
import { OpsMetricsDimensionRow } from './ops-metrics-dimension-row.js';

// Its index has an expression: as of OpsMetricsHourly, the migration creates it.
@Entity({ name: 'ops_metrics_dimension_hourly' })
@Index('idx_ops_metrics_dimension_hourly_unique', { synchronize: false })
export class OpsMetricsDimensionHourly extends OpsMetricsDimensionRow {
  /** Start of the UTC hour. */
  @Column({ name: 'bucket_start', type: 'timestamptz' })
  bucketStart!: Date;
}
