import type { DrainResult } from './drain.schema.js';

export function nothing(): DrainResult {
  return {
    drainedMinutes: 0,
    drainedHours: 0,
    drainedDays: 0,
    failedBuckets: 0,
    suspiciousHours: 0,
    suspiciousDays: 0,
    losingHours: 0,
    belowFloorHours: 0,
  };
}
