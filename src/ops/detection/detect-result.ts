import { z } from 'zod';
import { count, real } from '../common/schemas.js';

/** What one detection found, over both raw tables. */
export const detectResultSchema = z.object({
  detectedHours: count('Hours noted; one with new rows in both raw tables counts twice.', 4),
  lateRows: count('Rows first seen after their hour had been closed.', 17),
  oldestLateSeconds: real('Age of the oldest of them, in seconds; null without one.', 7812.4).nullable(),
  belowFloorRows: count('Rows dated below the raw floor: counted, and not applied.'),
});

export type DetectResult = Readonly<z.infer<typeof detectResultSchema>>;

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
