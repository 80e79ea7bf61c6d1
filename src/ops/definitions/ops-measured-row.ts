import { Column, PrimaryGeneratedColumn } from 'typeorm';

/**
 * The measures that every stored row has, of whatever tier, level or dimension.
 *
 * Counts are bigint and arrive as decimal strings, as sums of money (numeric) do: they are never squeezed through a double.
 *
 * A distribution is two arrays: values, ascending, and how often each occurs. Rounded to 7 significant bits and distinct
 * where there are more than 1,000 samples; up to there as they were, each with the count 1 (in a dimension in no
 * particular order, and without counts). NULL without a sample, in the hourly rows of a platform (its groups' add up to
 * it), or where distributions are switched off or past their retention.
 */
export abstract class OpsMeasuredRow {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

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

  @Column({ name: 'duration_max_ms', type: 'int', nullable: true })
  durationMaxMs!: number | null;

  @Column({ name: 'ttft_max_ms', type: 'int', nullable: true })
  ttftMaxMs!: number | null;

  /** Its distribution (see {@link OpsMeasuredRow}), in ms. */
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

  /** Its distribution (see {@link OpsMeasuredRow}), in ms. */
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

  /** The four kinds of tokens; NULL, as everything below, in a row from before they were kept, where nobody knows them. */
  @Column({ name: 'input_tokens', type: 'bigint', nullable: true })
  inputTokens!: string | null;

  @Column({ name: 'output_tokens', type: 'bigint', nullable: true })
  outputTokens!: string | null;

  @Column({ name: 'cache_creation_tokens', type: 'bigint', nullable: true })
  cacheCreationTokens!: string | null;

  @Column({ name: 'cache_read_tokens', type: 'bigint', nullable: true })
  cacheReadTokens!: string | null;

  /** Exact sum, in the gateway's currency. */
  @Column({ name: 'total_cost', type: 'numeric', nullable: true })
  totalCost!: string | null;

  /** Exact sum of what was charged, in the gateway's currency. */
  @Column({ name: 'actual_cost', type: 'numeric', nullable: true })
  actualCost!: string | null;

  /**
   * Distribution of the output speed: output tokens per second of generation (duration less time to first token), in
   * hundredths, rounded to a whole number, of requests that have both and output tokens.
   */
  @Column({ name: 'output_speed_values', type: 'int', array: true, nullable: true })
  outputSpeedValues!: number[] | null;

  @Column({ name: 'output_speed_counts', type: 'int', array: true, nullable: true })
  outputSpeedCounts!: number[] | null;

  /** Exact sum of these, in hundredths of a token per second. */
  @Column({ name: 'output_speed_sum', type: 'bigint', nullable: true })
  outputSpeedSum!: string | null;

  /** How many requests have an output speed. */
  @Column({ name: 'output_speed_samples', type: 'bigint', nullable: true })
  outputSpeedSamples!: string | null;
}
