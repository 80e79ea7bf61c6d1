export interface RollupOptions {
  /** Whether latency distributions are written; without, their columns become NULL. Sums and samples always are. */
  readonly distributions: boolean;
}

export const DEFAULT_ROLLUP_OPTIONS: RollupOptions = { distributions: true };
