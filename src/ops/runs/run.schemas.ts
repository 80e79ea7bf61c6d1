import { z } from 'zod';
import { bigCount, instant, words } from '../common/schemas.js';

/** Who asked for a rebuild or a run. */
export const requestedBy = words(
  "The user of the host's guard, else `admin@` and the address.",
  'admin@127.0.0.1',
).nullable();

/** What every run has. */
export const runStateSchema = z.object({
  id: bigCount('Counted on with each run.', '42'),
  state: z.enum(['running', 'finished', 'cancelled', 'failed', 'interrupted']).meta({
    description: '`interrupted`: its instance stopped, or is not heard of any more.',
    example: 'running',
  }),
  requestedBy,
  startedAt: instant('When it began.', '2026-01-31T12:00:00.000Z'),
  finishedAt: instant('Null until then.', null).nullable(),
  cancelRequestedAt: instant(
    'Since when it is to stop after the step under way; null unless somebody asked for it.',
    null,
  ).nullable(),
  error: words('SQLSTATE and message, where it failed.', null).nullable(),
});

export type RunState = z.infer<typeof runStateSchema>;
