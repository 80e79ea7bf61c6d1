import { z } from 'zod';
import { count, flag, instant, listOf, words } from '../common/schemas.js';
import {
  BY_ERROR,
  breakdownBySchema,
  bucketParameter,
  fitsRange,
  scopeQuerySchema,
  trendBucketSchema,
  wholeNumber,
} from './read-query.schemas.js';
import { freshnessSchema, scopeSchema } from './read.schemas.js';

/** What there is of each key over time: names of measures, those of a latency with its percentile. */
export const SERIES_MEASURES = [
  'requestsPerSecond',
  'tokensPerSecond',
  'requestCountTotal',
  'errorCountTotal',
  'errorCountSla',
  'sla',
  'errorRate',
  'upstreamErrorCount',
  'upstreamErrorRate',
  'actualCost',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheCreationTokens',
  'cacheHitRate',
  'duration.p50',
  'duration.p95',
  'duration.p99',
  'ttft.p50',
  'ttft.p95',
  'ttft.p99',
  'outputSpeed.avg',
] as const;

export const seriesMeasureSchema = z.enum(SERIES_MEASURES);

export type SeriesMeasure = z.infer<typeof seriesMeasureSchema>;

export const seriesQuerySchema = scopeQuerySchema
  .safeExtend({
    by: breakdownBySchema
      .refine((by) => by !== BY_ERROR, 'must not be error')
      .meta({
        description:
          'platform, group, or the name of a set, as of a breakdown. dimension and key go with that set only: the series of ' +
          'these keys.',
        example: 'model',
      }),
    limit: wholeNumber(1, 20)
      .prefault(5)
      .meta({ description: 'How many keys, the busiest of the whole range; all others are one series.' }),
    bucket: bucketParameter,
    measures: listOf(seriesMeasureSchema).meta({
      description:
        'Which measures, of the names that those of a trend have. Given several times, all of them.',
      example: ['requestsPerSecond'],
    }),
  })
  .check(fitsRange);

export type SeriesQuery = z.input<typeof seriesQuerySchema>;

const oneSeriesSchema = z
  .object({
    key: words('As of a breakdown; null of the rest.', 'gpt-4.1').nullable(),
    label: words('Likewise: the words for the key, where there are any.', 'GPT 4.1').nullable(),
    isRest: flag(
      'All the others together: the total without the keys that have a series. Errors of no platform, or group, are in it.',
    ),
    values: z
      .partialRecord(
        seriesMeasureSchema,
        z.array(z.xor([z.number().nullable(), z.string()]).meta({ example: 0.55 })),
      )
      .meta({
        description:
          'By measure, one for each start; null where a trend has null, and where a part of the point does not know it.',
        example: { requestsPerSecond: [0.55, 0.61] },
      }),
  })
  .meta({ id: 'OneSeriesResponse' });

export type OneSeries = z.infer<typeof oneSeriesSchema>;

export const seriesSchema = z
  .object({
    ...scopeSchema.shape,
    by: breakdownBySchema.meta({ description: 'As asked for.', example: 'model' }),
    bucket: trendBucketSchema.meta({ example: 'hour', description: 'What auto came to.' }),
    total: count('How many keys have rows in the range.', 40),
    starts: z
      .array(instant('ISO 8601 in UTC.', '2026-01-01T00:00:00.000Z'))
      .meta({ description: 'Start of each point, as of a trend, up to the one that contains now.' }),
    series: z.array(oneSeriesSchema).meta({
      description: 'Busiest first; last the rest, unless there is nothing in it.',
    }),
    freshness: freshnessSchema,
  })
  .meta({ id: 'SeriesResponse' });

export type Series = z.infer<typeof seriesSchema>;
