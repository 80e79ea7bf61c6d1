import { Column } from 'typeorm';
import { OpsMeasuredRow } from './ops-measured-row.js';

/**
 * The columns that the hourly and the daily table of the dimensions share. A row with a group is the part of its key in
 * that group, of sets that are kept within groups; those without add up to the overall row of their bucket.
 */
export abstract class OpsMetricsDimensionRow extends OpsMeasuredRow {
  /** Name of the set, such as `model`. */
  @Column({ type: 'varchar', length: 63, collation: 'C' })
  dimension!: string;

  /** The value; `(none)` where rows have none, `(other)` for all that are not among the busiest of the bucket. */
  @Column({ type: 'text', collation: 'C' })
  key!: string;
}
