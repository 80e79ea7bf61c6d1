import { z } from 'zod';
import { bigCount, count, flag, givenText, instant, words } from '../common/schemas.js';
import { rangeSchema } from '../ranges/range.schemas.js';
import { requestedBy } from '../runs/run.schemas.js';

export const rebuildRequestSchema = rangeSchema
  .safeExtend({
    force: flag('Also below the raw floor, and also where the result would shrink.')
      .nullish()
      .meta({ default: false }),
    reason: givenText
      .max(500)
      .meta({ description: 'Kept with the request.', example: 'price list imported late' })
      .nullish(),
  })
  .meta({ id: 'RebuildRequestDto' });

/** Times are Dates, or ISO 8601 with a zone. */
export type RebuildRequest = z.input<typeof rebuildRequestSchema>;

const rebuildHoursSchema = z
  .object({
    total: count('Closed hours of the range.', 720),
    done: count('Hours recomputed.', 312),
    failed: count('Hours that are failing or held back; failing ones are still tried again.'),
    cancelled: count('Hours that were left when it was cancelled.'),
  })
  .meta({ id: 'RebuildHoursResponse' });

export const rebuildProgressSchema = z
  .object({
    id: bigCount('Counted on with each rebuild.', '42'),
    state: z.enum(['running', 'finished', 'cancelled']).meta({ example: 'running' }),
    from: instant('The range, widened to whole UTC hours.', '2026-01-01T00:00:00.000Z'),
    to: instant('Exclusive; cut at the last closed hour.', '2026-01-31T00:00:00.000Z'),
    force: flag('As given.'),
    reason: words('As given.', 'price list imported late').nullable(),
    requestedBy,
    startedAt: instant('When it was asked for.', '2026-01-31T12:00:00.000Z'),
    finishedAt: instant('Null until then.', null).nullable(),
    cancelledAt: instant('Null unless it was.', null).nullable(),
    hours: rebuildHoursSchema,
    estimatedEnd: instant(
      'Extrapolated from the hours done so far; null before the first, and after the end.',
      '2026-01-31T12:00:09.200Z',
    ).nullable(),
  })
  .meta({ id: 'RebuildProgressResponse' });

/** A rebuild and how far it is. */
export type RebuildProgress = z.infer<typeof rebuildProgressSchema>;
