import { z } from 'zod';
import { count } from '../common/schemas.js';

/** What the retention of one run deleted. */
export const retentionResultSchema = z.object({
  droppedMinutelyRows: count('Rows of minutes past their retention.', 2760),
  droppedHourlyRows: count('Hourly rows past their retention.', 46),
  droppedDistributions: count('Hourly rows that lost their distributions and were kept otherwise.', 46),
  droppedDailyRows: count('Daily rows past their retention.'),
  keptDays: count(
    'Days past a limit that were kept until they are settled: stale, without right daily rows, or in work. ' +
      'The next run asks again.',
  ),
});

export type RetentionResult = z.infer<typeof retentionResultSchema>;
