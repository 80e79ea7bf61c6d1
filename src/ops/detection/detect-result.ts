/** What one detection found, over both raw tables. */
export interface DetectResult {
  /** Noted hours; an hour with new rows in both tables counts twice. */
  readonly detectedHours: number;
  /** Rows first seen after their hour had been closed. */
  readonly lateRows: number;
  /** Age of the oldest of them, in seconds, or null. */
  readonly oldestLateSeconds: number | null;
  /** Rows dated below the raw floor: counted, not applied. */
  readonly belowFloorRows: number;
}

export const NOTHING: DetectResult = {
  detectedHours: 0,
  lateRows: 0,
  oldestLateSeconds: null,
  belowFloorRows: 0,
};

/** What several detections found together. */
export function sum(results: readonly DetectResult[]): DetectResult {
  return results.reduce(
    (total, result) => ({
      detectedHours: total.detectedHours + result.detectedHours,
      lateRows: total.lateRows + result.lateRows,
      oldestLateSeconds:
        result.oldestLateSeconds === null
          ? total.oldestLateSeconds
          : Math.max(result.oldestLateSeconds, total.oldestLateSeconds ?? 0),
      belowFloorRows: total.belowFloorRows + result.belowFloorRows,
    }),
    NOTHING,
  );
}
