import type { NewErrorLog, NewUsageLog } from '../raw-log.types.js';
import { RAW_LOG_BATCH_SIZE } from '../raw-log.constants.js';
import { arrivalTimes, isoMicros, slots } from './arrivals.js';
import { Random } from './random.js';
import { TrafficModel } from './traffic-model.js';
import type { StoredSampleGroup } from './group-profile.js';

/** Which sample traffic to generate. */
export interface TrafficPlan {
  /** First moment, included. */
  readonly from: Date;
  /** Last moment, excluded. */
  readonly to: Date;
  /** Successful requests in total; errors come on top (about 3.5 % of all requests). */
  readonly rows: number;
  /** A 32-bit integer. */
  readonly seed: number;
  /** Largest first. */
  readonly groups: readonly StoredSampleGroup[];
}

/** Rows to be written together: RAW_LOG_BATCH_SIZE of usage, fewer in the last batch, and their errors. */
export interface TrafficBatch {
  readonly usage: readonly NewUsageLog[];
  readonly errors: readonly NewErrorLog[];
}

function check({ from, to, rows, seed, groups }: TrafficPlan): void {
  if (!(from.getTime() < to.getTime()))
    throw new RangeError('Sample traffic needs valid dates, from before to');
  if (!Number.isSafeInteger(rows) || rows < 0) throw new RangeError('rows must be a whole number, 0 or more');
  if (!Number.isInteger(seed)) throw new RangeError('seed must be a whole number');
  if (groups.length === 0) throw new RangeError('Sample traffic needs at least one group');
}

/**
 * Generates raw logs, batch by batch: usage in the order of time, errors in the order of their slot (a minute, in
 * ranges of up to 69 days).
 *
 * Pure: the same plan gives the same rows, whatever the clock and the time zone. Needs the memory of one batch.
 *
 * @throws RangeError where the plan makes no sense
 */
export function* generateTraffic(plan: TrafficPlan): Generator<TrafficBatch> {
  check(plan);
  const random = new Random(plan.seed);
  const model = new TrafficModel(plan.groups, plan.seed);
  let usage: NewUsageLog[] = [];
  let errors: NewErrorLog[] = [];
  for (const slot of slots(plan.from.getTime() * 1000, plan.to.getTime() * 1000, plan.rows, plan.seed)) {
    for (const epochUs of arrivalTimes(slot, random)) {
      const request = model.request(epochUs / 1000, random);
      usage.push(model.success(request, random, isoMicros(epochUs)));
      while (model.fails(request, random)) {
        const createdAt = isoMicros(slot.startUs + random.below(slot.lengthUs));
        errors.push(model.failure(request, random, createdAt));
      }
      if (usage.length === RAW_LOG_BATCH_SIZE) {
        yield { usage, errors };
        usage = [];
        errors = [];
      }
    }
  }
  if (usage.length > 0) yield { usage, errors };
}
