import { z } from 'zod';
import { count, flag, instant, real } from '../common/schemas.js';

export const latencySummarySchema = z
  .object({
    p50: real('Milliseconds; null without a sample.', 1820.5).nullable(),
    p90: real('Milliseconds.', 5216).nullable(),
    p95: real('Milliseconds.', 7808).nullable(),
    p99: real('Milliseconds.', 15_104).nullable(),
    avg: real('Exact mean, in milliseconds.', 2663.4).nullable(),
    max: real('Exact maximum, in milliseconds.', 90_122).nullable(),
    samples: count('Requests that have this latency.', 1_204_311),
    percentilesComplete: flag(
      'False where a bucket of the range has samples but no stored distribution: then the percentiles are null.',
      true,
    ),
  })
  .meta({ id: 'LatencySummaryResponse' });

export type LatencySummary = z.infer<typeof latencySummarySchema>;

export const slowerSchema = z
  .object({
    thanMs: z.int().meta({ description: 'As asked for (slowerThanMs), in milliseconds.', example: 2000 }),
    count: count(
      'Requests whose duration is longer; null where percentilesComplete of the duration is false.',
      301_077,
    ).nullable(),
    share: real('count / duration.samples; null also without a sample.', 0.24999).nullable(),
  })
  .nullable()
  .meta({
    id: 'SlowerResponse',
    description:
      'Null where it is not asked for. Latencies within 0.79 % of the threshold may fall on either side; exact below ' +
      '128 ms, and in stored rows of at most 1,000 samples.',
  });

export type Slower = z.infer<typeof slowerSchema>;

/**
 * A sum of 64 bits, exactly: a number up to 2^53 - 1, which is as far as every JSON parser has whole numbers, and the
 * same in decimal text beyond.
 */
const exactSumSchema = z
  .xor([
    z.int().meta({ format: 'int64' }),
    z
      .string()
      .regex(/^-?[0-9]{16,19}$/)
      .meta({ format: 'int64' }),
  ])
  .meta({
    description:
      'Input, output and cache tokens, exactly: past 2^53 - 1 as decimal text, so that no parser rounds it.',
    example: 3_918_220_114,
  });

export type ExactSum = z.infer<typeof exactSumSchema>;

/** A sum of money, exactly. */
const money = (description: string, example: string) =>
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .nullable()
    .meta({ format: 'decimal', description, example });

const speedSummarySchema = z
  .object({
    p5: real('Tokens per second; null without a sample. The slow end.', 18.2).nullable(),
    p10: real('Tokens per second.', 24.9).nullable(),
    p50: real('Tokens per second.', 61.5).nullable(),
    p90: real('Tokens per second.', 118).nullable(),
    avg: real('Exact mean over the requests, in tokens per second.', 66.27).nullable(),
    samples: count(
      'Requests that have both latencies, output tokens, and took time after the first one.',
      740_311,
    ),
    percentilesComplete: flag(
      'False where the percentiles are null although there are samples: a bucket of the range has no stored ' +
        'distribution, or the answer is a point of a trend that is one minute or one hour.',
      true,
    ),
  })
  .meta({
    id: 'OutputSpeedResponse',
    description:
      'outputTokens * 1000 / (duration - ttft) of each streamed request: tokens per second of generation.',
  });

export type SpeedSummary = z.infer<typeof speedSummarySchema>;

const unsplitSchema = z
  .object({
    successCount: count('Successful requests of which they are not known.', 20_117),
    from: instant('Start of the first bucket that does not know them.', '2026-01-01T00:00:00.000Z'),
    to: instant('End of the last one.', '2026-01-08T00:00:00.000Z'),
  })
  .nullable()
  .meta({
    id: 'UnsplitResponse',
    description:
      'The part of the range that lacks tokens by kind, costs and output speed, since it was rolled up before they were ' +
      'kept and its raw rows are gone: they are sums of the rest. Null where they are complete.',
  });

export type Unsplit = z.infer<typeof unsplitSchema>;

/** Counts are exact. Rates are per second of the range, up to now at most. */
export const measuresSchema = z.object({
  successCount: count('Successful requests.', 1_204_311),
  errorCountTotal: count('Requests that failed for the client (status 400 or more).', 21_034),
  businessLimitedCount: count(
    "Of these, the ones limited by quota, balance or the like: not the service's fault.",
    12_877,
  ),
  errorCountSla: count('Of these, the ones that count against the SLA.', 8157),
  upstreamErrorCountExcl429529: count(
    'Provider errors other than 429 and 529, also those that a retry hid from the client.',
    5012,
  ),
  upstream429Count: count('Provider errors 429 (rate limited).', 3001),
  upstream529Count: count('Provider errors 529 (overloaded).', 801),
  tokenConsumed: exactSumSchema,
  requestCountTotal: count('successCount + errorCountTotal.', 1_225_345),
  requestCountSla: count('successCount + errorCountSla.', 1_212_468),
  sla: real('successCount / requestCountSla; null without a request.', 0.99327).nullable(),
  errorRate: real('errorCountTotal / requestCountTotal; null without a request.', 0.01717).nullable(),
  upstreamErrorRate: real(
    'The three upstream counts / requestCountTotal; null without a request. How often the providers failed, not how ' +
      'often clients noticed.',
    0.00719,
  ).nullable(),
  requestsPerSecond: real(
    'requestCountTotal per second of the range, up to now; null where it lies in the future.',
    0.473,
  ).nullable(),
  tokensPerSecond: real('tokenConsumed per second of the range, up to now.', 1511.66).nullable(),
  inputTokens: exactSumSchema.meta({ description: 'Exactly, as tokenConsumed.', example: 1_902_334_112 }),
  outputTokens: exactSumSchema.meta({ description: 'Likewise.', example: 402_118_020 }),
  cacheCreationTokens: exactSumSchema.meta({
    description: 'Written into a cache; likewise.',
    example: 210_417_300,
  }),
  cacheReadTokens: exactSumSchema.meta({
    description: 'Read from a cache; likewise.',
    example: 1_403_350_682,
  }),
  cacheHitRate: real(
    'cacheReadTokens / (inputTokens + cacheCreationTokens + cacheReadTokens): how much of the input came from a cache; ' +
      'null without any.',
    0.39911,
  ).nullable(),
  totalCost: money(
    "Exact sum of what the requests cost, in the gateway's currency, as decimal text; null where the gateway keeps none, or a row's cost is no number.",
    '10006.7514243915',
  ),
  actualCost: money('Likewise of what was charged.', '8213.0911873320'),
  actualCostPerRequest: money(
    'actualCost per successful request whose cost is known, rounded to ten digits; null without one.',
    '0.0068197377',
  ),
  unsplit: unsplitSchema,
  outputSpeed: speedSummarySchema,
  duration: latencySummarySchema,
  ttft: latencySummarySchema,
});

export type Measures = z.infer<typeof measuresSchema>;

export const periodSchema = z.object({
  ...measuresSchema.shape,
  from: instant('ISO 8601 in UTC.', '2026-01-01T00:00:00.000Z'),
  to: instant('ISO 8601 in UTC.', '2026-01-31T00:00:00.000Z'),
  slower: slowerSchema,
  peakRequestsPerSecond: real(
    'Mean rate of the busiest whole UTC hour that has passed; null where the period has none, or is longer than 31 days.',
    1.21,
  ).nullable(),
  peakTokensPerSecond: real(
    'Mean token rate of the UTC hour with the most tokens; null likewise.',
    3920.4,
  ).nullable(),
  peakMinuteRequestsPerSecond: real(
    'Mean rate of the busiest whole minute that has passed; null unless minutes are kept of the whole period.',
    2.85,
  ).nullable(),
  peakMinuteTokensPerSecond: real(
    'Mean token rate of the minute with the most tokens; null likewise.',
    9120.7,
  ).nullable(),
});

export type PeriodMeasures = z.infer<typeof periodSchema>;
