import { z } from 'zod';
import { count } from '../common/schemas.js';

/** What a drain did. */
export const drainResultSchema = z.object({
  drainedMinutes: count('Minutes recomputed.', 2),
  drainedHours: count('Hours recomputed.', 3),
  drainedDays: count('Days merged from their hours.', 1),
  failedBuckets: count('Attempts that failed; each is tried again after a pause.'),
  suspiciousHours: count('Hours of which a side is held back, because a recomputation would have shrunk it.'),
  suspiciousDays: count('Days held back, because their hours add up to less than half of them.'),
  losingHours: count(
    'Hours that have lost raw rows, and are watched before they are recomputed: until no more of them disappear.',
  ),
  belowFloorHours: count('Hours given up because their raw rows are below the floor.'),
});

export type DrainResult = z.infer<typeof drainResultSchema>;
