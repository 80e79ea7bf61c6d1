import { z } from 'zod';

const ok = z.literal('ok').meta({ example: 'ok' });

export const livenessSchema = z.object({ status: ok }).meta({ id: 'LivenessResponse' });

const indicators = (description: string, example: object): z.ZodType =>
  z
    .record(z.string(), z.object({ status: z.string().meta({ example: 'up' }) }))
    .meta({ description, example });

const UP = { database: { status: 'up' }, migrations: { status: 'up' }, jobs: { status: 'up' } };

/** What terminus answers where every indicator is up. */
export const readinessSchema = z
  .object({
    status: ok,
    info: indicators('The ones that are up.', UP),
    error: indicators('The ones that are down: none.', {}),
    details: indicators('All of them.', UP),
  })
  .meta({ id: 'ReadinessResponse' });
