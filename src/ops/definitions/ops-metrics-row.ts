import { Column, PrimaryGeneratedColumn } from 'typeorm';

/**
 * The columns that the hourly and the daily table share.
 *
 * The level of a row is told by its dimensions: overall (platform and group NULL), platform (platform set, group
 * NULL), group (both set). Counts are bigint and arrive as decimal strings: they are never squeezed through a
 * double. Latencies are milliseconds.
 */
export abstract class OpsMetricsRow {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ type: 'varchar', length: 32, nullable: true })
  platform!: string | null;

  @Column({ name: 'group_id', type: 'bigint', nullable: true })
  groupId!: string | null;

  /** Successful requests whose group exists. */
  @Column({ name: 'success_count', type: 'bigint', default: 0 })
  successCount!: string;

  /** Error rows with status_code >= 400. */
  @Column({ name: 'error_count_total', type: 'bigint', default: 0 })
  errorCountTotal!: string;

  /** Of these, the ones that a quota, a balance or the like caused: not the service's fault. */
  @Column({ name: 'business_limited_count', type: 'bigint', default: 0 })
  businessLimitedCount!: string;

  /** Of these, the ones that count against the SLA (not business-limited). */
  @Column({ name: 'error_count_sla', type: 'bigint', default: 0 })
  errorCountSla!: string;

  /** Provider errors whose effective status is neither 429 nor 529, also when a retry hid them from the client. */
  @Column({ name: 'upstream_error_count_excl_429_529', type: 'bigint', default: 0 })
  upstreamErrorCountExcl429529!: string;

  @Column({ name: 'upstream_429_count', type: 'bigint', default: 0 })
  upstream429Count!: string;

  @Column({ name: 'upstream_529_count', type: 'bigint', default: 0 })
  upstream529Count!: string;

  /** Sum of the four token columns. */
  @Column({ name: 'token_consumed', type: 'bigint', default: 0 })
  tokenConsumed!: string;

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

  @Column({ name: 'duration_max_ms', type: 'int', nullable: true })
  durationMaxMs!: number | null;

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

  @Column({ name: 'ttft_max_ms', type: 'int', nullable: true })
  ttftMaxMs!: number | null;

  /**
   * Its distribution: values in ms, ascending; rounded to 7 significant bits and distinct where there are more than
   * 1,000 samples, up to there as they were, each with the count 1. NULL without a sample, in the hourly
   * rows of a platform (its groups' add up to it), or where distributions are switched off or past their retention.
   */
  @Column({ name: 'duration_values', type: 'int', array: true, nullable: true })
  durationValues!: number[] | null;

  /** How often each of {@link durationValues} occurs. */
  @Column({ name: 'duration_counts', type: 'int', array: true, nullable: true })
  durationCounts!: number[] | null;

  /** Exact sum of the unrounded duration in ms. */
  @Column({ name: 'duration_sum_ms', type: 'bigint', default: 0 })
  durationSumMs!: string;

  /** How many requests have a duration. */
  @Column({ name: 'duration_samples', type: 'bigint', default: 0 })
  durationSamples!: string;

  /**
   * Its distribution: values in ms, ascending; rounded to 7 significant bits and distinct where there are more than
   * 1,000 samples, up to there as they were, each with the count 1. NULL without a sample, in the hourly
   * rows of a platform (its groups' add up to it), or where distributions are switched off or past their retention.
   */
  @Column({ name: 'ttft_values', type: 'int', array: true, nullable: true })
  ttftValues!: number[] | null;

  /** How often each of {@link ttftValues} occurs. */
  @Column({ name: 'ttft_counts', type: 'int', array: true, nullable: true })
  ttftCounts!: number[] | null;

  /** Exact sum of the unrounded time to first token in ms. */
  @Column({ name: 'ttft_sum_ms', type: 'bigint', default: 0 })
  ttftSumMs!: string;

  /** How many requests have a time to first token. */
  @Column({ name: 'ttft_samples', type: 'bigint', default: 0 })
  ttftSamples!: string;

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
