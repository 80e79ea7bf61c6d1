import { z } from 'zod';
import { bigCount, count, flag, givenValues, instant, real, words } from '../common/schemas.js';
import { latencySummarySchema, measuresSchema, periodSchema, slowerSchema } from './measures.schemas.js';
import { breakdownBySchema, latencyMetricSchema, trendBucketSchema } from './read-query.schemas.js';

const range = {
  from: instant('ISO 8601 in UTC.', '2026-01-01T00:00:00.000Z'),
  to: instant('ISO 8601 in UTC.', '2026-01-31T00:00:00.000Z'),
};
const platform = givenValues(z.string(), 'openai');
const groupId = givenValues(z.string().meta({ format: 'int64' }), '12');
const dimension = words('As asked for.', 'model').nullable();
const key = givenValues(z.string(), 'gpt-4.1-mini');

/** What every answer repeats of the question. */
export const scopeSchema = z.object({ ...range, platform, groupId, dimension, key });

export type Scope = z.infer<typeof scopeSchema>;

const unslicedSchema = z
  .object({
    requests: count('Requests, or errors, of these hours and days.', 20_117),
    from: instant('Start of the first of them.', '2026-01-01T00:00:00.000Z'),
    to: instant('End of the last one.', '2026-01-08T00:00:00.000Z'),
  })
  .nullable()
  .meta({
    id: 'UnslicedResponse',
    description:
      'Hours and days that have no rows of the set, since it was not kept when they were rolled up, and are in the answer ' +
      'as if they were empty; null where there are none, or where no set is asked for.',
  });

export const freshnessSchema = z
  .object({
    asOf: instant(
      'The instant that the answer is of: up to when minutes are complete, where that is at most 60 s ago, else now; ' +
        'never after the end of the range. Rates count the time up to it.',
      '2026-01-31T00:00:00.000Z',
    ),
    recent: z.enum(['minutes', 'raw']).nullable().meta({
      description:
        'What the time rests on that no whole hour or day answers: minutes alone, or raw rows too; null where there is none.',
      example: 'minutes',
    }),
    freshThrough: instant(
      "Everything before it is rolled up or was read live from raw rows: the start of the range's first hour that is " +
        'stale and was answered from its stored row, or that is missing, or the first such minute; else asOf.',
      '2026-01-31T00:00:00.000Z',
    ),
    pendingHours: count(
      'Closed hours that the answer takes whole from their stored rows and that are noted for recomputation, or held back as suspicious.',
    ),
    missingHours: count(
      'Closed hours that the answer leaves out: not rolled up yet, and too many to be counted from raw rows.',
    ),
    missingFrom: instant('Start of the first hour that is left out; null where none is.', null).nullable(),
    unsliced: unslicedSchema,
  })
  .meta({ id: 'FreshnessResponse' });

export type Freshness = z.infer<typeof freshnessSchema>;

const previousSchema = z
  .object({
    ...periodSchema.shape,
    missingHours: count('Closed hours of this period that are left out; freshness speaks of the range only.'),
    unslicedRequests: count('Requests of its hours and days that have no rows of the set; likewise.'),
  })
  .meta({ id: 'PreviousMeasuresResponse' });

const currentRatesSchema = z
  .object({
    at: instant('Start of the minute.', '2026-01-31T00:00:00.000Z'),
    requestsPerSecond: real('Its mean rate.', 0.55),
    tokensPerSecond: real('Its mean token rate.', 1720.3),
  })
  .nullable()
  .meta({
    id: 'CurrentRatesResponse',
    description:
      'Rates of the last whole minute before asOf; null where the range does not have it, or minutes are not up to date.',
  });

export type CurrentRates = z.infer<typeof currentRatesSchema>;

export const overviewSchema = z
  .object({
    ...periodSchema.shape,
    platform,
    groupId,
    dimension,
    key,
    previous: previousSchema.meta({ description: 'The period of equal length just before.' }),
    current: currentRatesSchema,
    freshness: freshnessSchema,
  })
  .meta({ id: 'OverviewResponse' });

export type Overview = z.infer<typeof overviewSchema>;

const trendPointSchema = z
  .object({
    ...measuresSchema.shape,
    from: instant("Its start; of the first one the range's start.", '2026-01-01T00:00:00.000Z'),
    to: instant('ISO 8601 in UTC.', '2026-01-01T01:00:00.000Z'),
    slower: slowerSchema,
  })
  .meta({ id: 'TrendPointResponse' });

export type TrendPoint = z.infer<typeof trendPointSchema>;

export const trendSchema = z
  .object({
    ...scopeSchema.shape,
    bucket: trendBucketSchema.meta({ example: 'hour', description: 'What auto came to.' }),
    points: z
      .array(trendPointSchema)
      .meta({ description: 'Without gaps, up to the bucket that contains now.' }),
    freshness: freshnessSchema,
  })
  .meta({ id: 'TrendResponse' });

export type Trend = z.infer<typeof trendSchema>;

const breakdownItemSchema = z
  .object({
    ...measuresSchema.shape,
    key: words(
      'The platform, the id of the group, or the key; (none) and (other) as in the question.',
      'gpt-4.1',
    ),
    label: words(
      "The group's name, or the words for the key where the set has any; null for one that is gone.",
      'GPT 4.1',
    ).nullable(),
    platform: words(
      "The platform, or the group's; null for a group that is gone, and for a key.",
      null,
    ).nullable(),
    groupId: bigCount('Null unless broken down by group.', '12').nullable(),
    groupName: words('Null likewise, and for a group that is gone.', 'team-a').nullable(),
    share: real('requestCountTotal / that of all keys together; null without a request.', 0.3112).nullable(),
  })
  .meta({ id: 'BreakdownItemResponse' });

export type BreakdownItem = z.infer<typeof breakdownItemSchema>;

const statusClass = (whose: string) =>
  words(
    `Class of the status that ${whose}: 4xx, 5xx, …, or 429 or 529 itself; null where there is none.`,
    '5xx',
  ).nullable();

const errorItemSchema = z
  .object({
    clientStatus: statusClass('the client was told'),
    upstreamStatus: statusClass('the provider answered'),
    owner: words(
      'Whose error it is: provider, client, platform; null where nobody says.',
      'provider',
    ).nullable(),
    phase: words('Where the request failed.', 'upstream').nullable(),
    type: words('Its type.', 'overloaded_error').nullable(),
    isOther: flag('All the kinds together that were not among the most frequent of their hour or day.'),
    count: count(
      'Failed requests; of a kind that no client saw, since a retry hid it, provider errors.',
      801,
    ),
    share: real('count / that of all kinds together; null without any.', 0.04).nullable(),
    previousCount: count('count in the period of equal length just before.', 610),
    change: real('count / previousCount - 1; null where there was none.', 0.3131).nullable(),
    errorCountTotal: measuresSchema.shape.errorCountTotal,
    businessLimitedCount: measuresSchema.shape.businessLimitedCount,
    errorCountSla: measuresSchema.shape.errorCountSla,
    upstreamErrorCountExcl429529: measuresSchema.shape.upstreamErrorCountExcl429529,
    upstream429Count: measuresSchema.shape.upstream429Count,
    upstream529Count: measuresSchema.shape.upstream529Count,
  })
  .meta({ id: 'ErrorKindResponse' });

export type ErrorItem = z.infer<typeof errorItemSchema>;

export const breakdownSchema = z
  .object({
    ...range,
    platform,
    groupId,
    by: breakdownBySchema.meta({ description: 'As asked for.', example: 'model' }),
    total: count('How many have rows in the range; the list has at most limit of them.', 40),
    items: z.array(breakdownItemSchema).meta({ description: 'Most requests first; empty by error.' }),
    errors: z
      .array(errorItemSchema)
      .meta({ description: 'The kinds of errors, most frequent first; empty unless by error.' }),
    freshness: freshnessSchema,
  })
  .meta({ id: 'BreakdownResponse' });

export type Breakdown = z.infer<typeof breakdownSchema>;

const histogramBinSchema = z
  .object({
    from: z.number().meta({ description: 'Milliseconds, inclusive.', example: 1784 }),
    to: z.number().meta({ description: 'Milliseconds, exclusive.', example: 2040 }),
    count: count('Samples with from <= latency < to.', 90_122),
  })
  .meta({ id: 'HistogramBinResponse' });

export type HistogramBin = z.infer<typeof histogramBinSchema>;

export const latencyDistributionSchema = z
  .object({
    ...scopeSchema.shape,
    metric: latencyMetricSchema.meta({ example: 'ttft' }),
    bins: z.array(histogramBinSchema).meta({
      description:
        'Contiguous; four to each doubling from 8 ms on, with borders where stored latencies are told apart; from the ' +
        'first to the last that has a sample. Incomplete where percentilesComplete is false.',
    }),
    summary: latencySummarySchema,
    freshness: freshnessSchema,
  })
  .meta({ id: 'LatencyDistributionResponse' });

export type LatencyDistribution = z.infer<typeof latencyDistributionSchema>;
