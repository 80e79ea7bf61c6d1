import { z } from 'zod';
import { addProblem, count } from '../common/schemas.js';

/** Where healthy ends and where it is critical: beyond the one, and further beyond the other. */
const limits = (value: z.ZodNumber, description: string, worse: 'lower' | 'higher') =>
  z
    .strictObject({
      degraded: value.meta({ description: `Degraded when ${worse} than this.` }),
      critical: value.meta({ description: `Critical when ${worse} than this.` }),
    })
    .check((payload) => {
      const { degraded, critical } = payload.value;
      if (worse === 'lower' ? critical >= degraded : critical <= degraded) {
        addProblem(payload, 'critical', `must be ${worse} than degraded, which is ${degraded}`);
      }
    })
    .readonly()
    .meta({ description });

const share = z.number().min(0).max(1).meta({ example: 0.05 });
const factor = z.number().min(1).meta({ example: 1.5 });
const durationMs = z.int().min(1).meta({ format: 'int64', example: 20_000 });

/** The objectives by which the dashboard judges a range: what the option gives is what the status answers. */
export const objectivesSchema = z
  .strictObject({
    sla: limits(share, 'The SLA, a share of 1.', 'lower'),
    upstreamErrorRate: limits(share, 'Provider errors among all requests, a share of 1.', 'higher'),
    slowdown: limits(
      factor,
      'p95 of duration or TTFT as a multiple of that of the preceding period of equal length.',
      'higher',
    ),
    durationP95Ms: limits(durationMs, 'p95 of the duration, in milliseconds.', 'higher').nullable(),
    ttftP95Ms: limits(durationMs, 'p95 of the time to first token, in milliseconds.', 'higher').nullable(),
    fewestRequests: count('Ranges with fewer requests are not judged.', 50),
    fewestSamples: count('Percentiles of fewer latencies are not judged.', 200),
  })
  .readonly();

export type Objectives = z.output<typeof objectivesSchema>;

/** What a host gives: some of them, and of each pair one or both. */
export type GivenObjectives = {
  readonly [Name in keyof Objectives]?:
    (Objectives[Name] extends object ? Partial<Objectives[Name]> : Objectives[Name]) | undefined;
};

const DEFAULT_OBJECTIVES: Objectives = {
  sla: { degraded: 0.99, critical: 0.95 },
  upstreamErrorRate: { degraded: 0.05, critical: 0.2 },
  slowdown: { degraded: 1.5, critical: 3 },
  durationP95Ms: null,
  ttftP95Ms: null,
  fewestRequests: 50,
  fewestSamples: 200,
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is given over the defaults, in the pairs too; undefined counts as not given. */
const filledIn = (given: unknown, defaults: unknown): unknown =>
  given === undefined
    ? defaults
    : !isObject(given) || !isObject(defaults)
      ? given
      : {
          ...defaults,
          ...Object.fromEntries(
            Object.entries(given).map(([name, value]) => [name, filledIn(value, defaults[name])]),
          ),
        };

/** The option: the defaults where nothing else is given. As a variable it is one JSON object. */
export const objectivesOption = z
  .preprocess((given) => filledIn(given, DEFAULT_OBJECTIVES), objectivesSchema)
  .prefault(DEFAULT_OBJECTIVES)
  .meta({ format: 'json' }) as z.ZodType<Objectives, GivenObjectives | undefined>;
