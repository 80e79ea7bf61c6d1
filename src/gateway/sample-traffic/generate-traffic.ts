import { RAW_LOG_BATCH_SIZE } from '../raw-log.constants.js';
import { Random } from './random.js';
import { arrivals, expectedArrivals } from './shape.js';
import { TrafficModel, type StoredSampleGroup, type TrafficBatch } from './traffic-model.js';

/** Which sample traffic to generate. */
export interface TrafficPlan {
  /** First moment, included. */
  readonly from: Date;
  /** Last moment, excluded. */
  readonly to: Date;
  /** Successful requests in total; errors come on top (about 1 % of all requests). */
  readonly rows: number;
  /** A 32-bit integer. */
  readonly seed: number;
  /** Largest first. */
  readonly groups: readonly StoredSampleGroup[];
}

function check({ from, to, rows, seed, groups }: TrafficPlan): void {
  if (!(from.getTime() < to.getTime()))
    throw new RangeError('Sample traffic needs valid dates, from before to');
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError('rows must be a whole number, 0 or more');
  if (!Number.isInteger(seed)) throw new RangeError('seed must be a whole number');
  if (groups.length === 0) throw new RangeError('Sample traffic needs at least one group');
}

/**
 * Generates raw logs in the order of time, batch by batch: RAW_LOG_BATCH_SIZE of usage, fewer in the last one, and
 * their errors.
 *
 * Pure: the same plan gives the same rows, whatever the clock and the time zone. Needs the memory of one batch.
 *
 * @throws RangeError where the plan makes no sense
 */
export function* generateTraffic(plan: TrafficPlan): Generator<TrafficBatch> {
  check(plan);
  const [from, to] = [plan.from.getTime(), plan.to.getTime()];
  const random = new Random(plan.seed);
  const model = new TrafficModel(plan.groups, plan.seed, random);
  const perExpected = plan.rows / expectedArrivals(plan.seed, from, to);
  let batch: TrafficBatch = { usage: [], errors: [] };
  let expected = 0;
  let done = 0;
  for (const stretch of arrivals(plan.seed, from, to)) {
    // Differences of the rounded running sum add up to the rows asked for.
    expected += stretch.expected;
    const count = Math.round(expected * perExpected) - done;
    done += count;
    const lengthUs = (stretch.toMs - stretch.fromMs) * 1000;
    const times = Float64Array.from({ length: count }, () => random.below(lengthUs)).sort();
    for (const offsetUs of times) {
      const epochMs = stretch.fromMs + Math.floor(offsetUs / 1000);
      model.add(batch, epochMs, isoMicros(epochMs, offsetUs % 1000));
      if (batch.usage.length === RAW_LOG_BATCH_SIZE) {
        yield batch;
        batch = { usage: [], errors: [] };
      }
    }
  }
  if (batch.usage.length > 0) yield batch;
}

/** ISO 8601 in UTC with six decimals; a Date holds only milliseconds. */
const isoMicros = (epochMs: number, micros: number): string =>
  `${new Date(epochMs).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
