import type { Logger } from '@nestjs/common';
import { HOUR_TIER } from '../definitions/tiers.js';
import type { RecomputedBuckets } from './recomputed-buckets.js';
import type { DrainResult } from './drain.schema.js';

/** Adds what a transaction has recomputed to the result of its drain, and tells what was held back. */
export function countRecomputed(done: RecomputedBuckets, result: DrainResult, logger: Logger): void {
  result.drainedMinutes += done.minutes;
  result.drainedHours += done.hours;
  result.drainedDays += done.days;
  result.belowFloorHours += done.belowFloorHours;
  result.suspiciousDays += done.heldDays.length;
  for (const day of done.heldDays) {
    logger.warn(`Day ${day} is held back: its hours add up to less than half of what its daily rows count`);
  }
  for (const { bucket: hour, suspicious } of done.tier === HOUR_TIER ? done.held : []) {
    if (suspicious) {
      result.suspiciousHours += 1;
      logger.warn(`Hour ${hour} is held back: it would lose more than half of its requests or errors`);
    } else {
      result.losingHours += 1;
      logger.log(`Hour ${hour} has lost raw rows: it is recomputed once no more of them disappear`);
    }
  }
}
