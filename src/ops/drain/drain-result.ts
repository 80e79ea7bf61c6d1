/** What one drain did. */
export interface DrainResult {
  /** Hours recomputed and released. */
  drainedHours: number;
  /** Days merged from their hours and released. */
  drainedDays: number;
  /** Attempts that failed; each is tried again after a pause. */
  failedBuckets: number;
  /** Hours of which a side is held back by the shrink guard. */
  suspiciousHours: number;
  /** Days held back: their hours add up to less than half of what their daily rows count. */
  suspiciousDays: number;
  /** Hours that have fewer raw rows than before: watched, and recomputed once no more of them disappear. */
  losingHours: number;
  /** Hours dropped because their raw rows are below the floor. */
  belowFloorHours: number;
}

export function nothing(): DrainResult {
  return {
    drainedHours: 0,
    drainedDays: 0,
    failedBuckets: 0,
    suspiciousHours: 0,
    suspiciousDays: 0,
    losingHours: 0,
    belowFloorHours: 0,
  };
}
