import { Column } from 'typeorm';
import { OpsMeasuredRow } from './ops-measured-row.js';

/**
 * The columns that the tables of all tiers share.
 *
 * The level of a row is told by its dimensions: overall (platform and group NULL), platform (platform set, group
 * NULL), group (both set). Latencies are milliseconds.
 */
export abstract class OpsMetricsRow extends OpsMeasuredRow {
  @Column({ type: 'varchar', length: 32, nullable: true })
  platform!: string | null;

  @Column({ name: 'duration_p50_ms', type: 'int', nullable: true })
  durationP50Ms!: number | null;

  @Column({ name: 'duration_p90_ms', type: 'int', nullable: true })
  durationP90Ms!: number | null;

  @Column({ name: 'duration_p95_ms', type: 'int', nullable: true })
  durationP95Ms!: number | null;

  @Column({ name: 'duration_p99_ms', type: 'int', nullable: true })
  durationP99Ms!: number | null;

  @Column({ name: 'duration_avg_ms', type: 'double precision', nullable: true })
  durationAvgMs!: number | null;

  @Column({ name: 'ttft_p50_ms', type: 'int', nullable: true })
  ttftP50Ms!: number | null;

  @Column({ name: 'ttft_p90_ms', type: 'int', nullable: true })
  ttftP90Ms!: number | null;

  @Column({ name: 'ttft_p95_ms', type: 'int', nullable: true })
  ttftP95Ms!: number | null;

  @Column({ name: 'ttft_p99_ms', type: 'int', nullable: true })
  ttftP99Ms!: number | null;

  @Column({ name: 'ttft_avg_ms', type: 'double precision', nullable: true })
  ttftAvgMs!: number | null;

  /** When this row was last computed. */
  @Column({ name: 'computed_at', type: 'timestamptz', default: () => 'now()' })
  computedAt!: Date;

  /** When this row was first written. */
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  /** {@link DEFINITION_VERSION} of the code that computed the row; 0 for rows of another program. */
  @Column({ name: 'definition_version', type: 'int', default: 0 })
  definitionVersion!: number;

  /** {@link computedAt} as this module wrote it: where the two differ, another program has written the row since. */
  @Column({ name: 'written_at', type: 'timestamptz', nullable: true })
  writtenAt!: Date | null;
}
