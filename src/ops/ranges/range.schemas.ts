import { z } from 'zod';
import { endsAfterStart, givenInstant } from '../common/schemas.js';

/** A range of time [from, to) that is asked for. */
export const rangeSchema = z
  .strictObject({
    from: givenInstant('Start, inclusive; widened outward to a whole UTC hour.', '2026-01-01T00:00:00Z'),
    to: givenInstant('Exclusive; must be after from and not in the future.', '2026-01-31T00:00:00Z'),
  })
  .check(endsAfterStart);

/** Times are Dates, or ISO 8601 with a zone. */
export type Range = z.input<typeof rangeSchema>;
