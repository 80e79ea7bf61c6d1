/** A latency is stored with this many significant bits: exact below 2^7 ms, within 2^-7 (0.79 %) above. */
const SIGNIFICANT_BITS = 7;

const INT_MAX = 2_147_483_647;

/** 2^(53 - 7) + 1: with c = v * SPLITTER in double precision, c - (c - v) is v rounded to 7 significant bits. */
const SPLITTER = '70368744177665::float8';

/** An int expression, rounded to 7 significant bits, half to even. The largest ones would round up past int. */
export function roundedLatency(latency: string): string {
  const scaled = `${latency}::float8 * ${SPLITTER}`;
  return `LEAST(${scaled} - (${scaled} - ${latency}::float8), ${INT_MAX})::int`;
}

/** The bins of non-negative latencies, ascending. */
export interface DistributionBins {
  /** What every latency of the bin is rounded to. */
  readonly values: readonly number[];
  /** The largest latency of the bin. */
  readonly upperBounds: readonly number[];
}

/** The same rounding as a list of bins: 128 of width 1, then 64 per doubling, 1,665 up to the largest int. */
export function distributionBins(): DistributionBins {
  const exact = 2 ** SIGNIFICANT_BITS;
  const values = Array.from({ length: exact }, (_, latency) => latency);
  const upperBounds = [...values];
  for (let width = 2; (exact / 2) * width <= INT_MAX; width *= 2) {
    for (let multiple = exact / 2; multiple < exact; multiple += 1) {
      values.push(multiple * width);
      // Half a width above the middle is a tie: it goes to the even multiple.
      upperBounds.push(multiple * width + width / 2 - (multiple % 2));
    }
  }
  // What would round up to 2^31.
  values.push(INT_MAX);
  upperBounds.push(INT_MAX);
  return { values, upperBounds };
}
