import { z } from 'zod';
import { parseIsoInstant } from '../common/iso-instant.js';
import {
  addProblem,
  endsAfterStart,
  givenInstant,
  givenText,
  oneOrMore,
  type Check,
  type OneOrMore,
} from '../common/schemas.js';
import { DAY_MS } from '../common/utc.js';
import { LONGEST_TREND_MS, TREND_BUCKETS, type TrendBucket } from './trend-buckets.js';

/** Longest range of one answer, in days. */
const LONGEST_RANGE_DAYS = 366;

/** Where ranges begin at the earliest: so that the period before the longest one still has a year of four digits. */
const EARLIEST = '2000-01-01T00:00:00Z';
const LATEST = '9999-01-01T00:00:00Z';

const GREATEST_ID = 2n ** 63n - 1n;

/** On a whole minute. A `+` that was not percent-encoded arrives as a space, and is taken for what it was. */
const minute = (description: string, example: string) =>
  givenInstant(description, example, (text) => parseIsoInstant(text.replace(/ (?=\d\d:\d\d$)/, '+')))
    .refine((time) => time.getTime() % 60_000 === 0, { error: 'must be on a whole minute', abort: true })
    .refine(
      (time) => time >= new Date(EARLIEST) && time <= new Date(LATEST),
      `must be between ${EARLIEST} and ${LATEST}`,
    );

const isNotTooLong: Check<{ from: Date; to: Date }> = (payload) => {
  if (payload.value.to.getTime() - payload.value.from.getTime() > LONGEST_RANGE_DAYS * DAY_MS) {
    addProblem(payload, 'to', `must be at most ${LONGEST_RANGE_DAYS} days after from`);
  }
};

/** The range [from, to) of every answer. */
export const rangeSchema = z
  .strictObject({
    from: minute(
      'Start, inclusive: ISO 8601 with a zone (Z or an offset), on a whole minute.',
      '2026-01-01T00:00:00Z',
    ),
    to: minute(
      `End, exclusive; after from, by at most ${LONGEST_RANGE_DAYS} days. The future is empty.`,
      '2026-01-31T12:30:00+08:00',
    ),
  })
  .check(endsAfterStart, isNotTooLong);

export const levelQuerySchema = rangeSchema.safeExtend({
  platform: oneOrMore(givenText.min(1).max(32))
    .optional()
    .meta({
      description:
        "Only this platform; 'unknown' has the errors that were not routed. Given several times, up to 100: those of any " +
        'of them, as groupId and key.',
      example: ['openai'],
    }),
  groupId: oneOrMore(
    z
      .string()
      .refine(
        (text) => /^-?[1-9]\d{0,18}$/.test(text) && BigInt(text.replace('-', '')) <= GREATEST_ID,
        'must be the id of a group: a whole number of 64 bits other than 0',
      )
      .meta({ format: 'int64' }),
  )
    .optional()
    .meta({
      description: 'Only this group; alone, under whatever platform its rows are.',
      example: ['12'],
    }),
});

const dimension = givenText.min(1).max(63);

const isPair: Check<{ dimension?: string | undefined; key?: OneOrMore | undefined }> = (payload) => {
  const { dimension: name, key } = payload.value;
  if ((name === undefined) !== (key === undefined)) {
    const [missing, given] =
      name === undefined ? (['dimension', 'key'] as const) : (['key', 'dimension'] as const);
    addProblem(payload, missing, `must be given with ${given}`);
  }
};

/** A level, or a key of a dimension: alone, or within a platform or a group where the set is kept within groups. */
export const scopeQuerySchema = levelQuerySchema
  .safeExtend({
    dimension: dimension.optional().meta({
      description:
        'With key: only the requests of this key of the set, such as model or account (option dimensions). With platform ' +
        'or groupId where the set is kept within groups; the platform is then that of the groups, as it is now.',
      example: 'model',
    }),
    key: oneOrMore(givenText.max(255))
      .optional()
      .meta({
        description:
          'Exactly. (none): requests without a value. (other): those of the keys that were not among the busiest of their ' +
          'hour or day; what raw rows answer is not in it.',
        example: ['gpt-4.1-mini'],
      }),
  })
  .check(isPair);

/** Times are Dates, or ISO 8601 with a zone, as in all of these. */
export type LevelQuery = z.input<typeof scopeQuerySchema>;

/** A whole number, which a query has as text. */
export const wholeNumber = (min: number, max: number): z.ZodPreprocess<z.ZodInt, number | string> =>
  z.preprocess(
    (given: number | string) => (typeof given === 'string' ? Number(given) : given),
    z.int().min(min).max(max),
  );

const slowerThanMs = wholeNumber(1, 2 ** 31 - 1)
  .optional()
  .meta({
    description:
      'Also count the requests that took longer than so many milliseconds (`slower`). Stored latencies are rounded to ' +
      '7 significant bits: one within 0.79 % of the threshold may fall on either side. Exact below 128 ms, and in ' +
      'stored rows of at most 1,000 samples.',
    example: 2000,
  });

export const overviewQuerySchema = scopeQuerySchema.safeExtend({ slowerThanMs });

export type OverviewQuery = z.input<typeof overviewQuerySchema>;

/**
 * Which rows count: everything, those of platforms, of groups (under every platform, or under some); and of these, where a
 * dimension is named, those of its keys.
 */
export type LevelFilter = Pick<LevelQuery, 'platform' | 'groupId' | 'dimension' | 'key'>;

export const trendBucketSchema = z.enum(TREND_BUCKETS);

export const fitsRange: Check<{ from: Date; to: Date; bucket: TrendBucket | 'auto' }> = (payload) => {
  const { from, to, bucket } = payload.value;
  if (bucket !== 'auto' && bucket !== 'day' && to.getTime() - from.getTime() > LONGEST_TREND_MS[bucket]) {
    const days = LONGEST_TREND_MS[bucket] / DAY_MS;
    addProblem(payload, 'bucket', `must be coarser than ${bucket} for a range of more than ${days} days`);
  }
};

/** Width of a point. */
export const bucketParameter = z
  .enum(['auto', ...TREND_BUCKETS])
  .default('auto')
  .meta({
    description:
      'Width of a point, in UTC. 1m and 5m: at most 1 day; hour: at most 31 days. auto: at most 400 points, 1m up to ' +
      '6 hours, 5m up to 24 hours, hour up to 16 days; no finer than hour above 3 hours from before the minutes ' +
      'that are kept (minuteRetentionHours), or of a set, which has none.',
  });

export const trendQuerySchema = scopeQuerySchema
  .safeExtend({ slowerThanMs, bucket: bucketParameter })
  .check(fitsRange);

export type TrendQuery = z.input<typeof trendQuerySchema>;

/** By what an answer is broken down: platform, group, or the name of a set of keys. */
export const breakdownBySchema = givenText.min(1).max(63);

export type BreakdownBy = z.infer<typeof breakdownBySchema>;

/** What errors are broken down by. */
export const BY_ERROR = 'error';

export const breakdownQuerySchema = levelQuerySchema.safeExtend({
  by: breakdownBySchema.meta({
    description:
      'platform, group, the name of a set (option dimensions), such as model or account; or error: the kinds of errors. ' +
      'Of the sets, those that are kept within groups go with platform and groupId.',
    example: 'model',
  }),
  limit: wholeNumber(1, 1000).prefault(20).meta({ description: 'How many, busiest first.' }),
});

export type BreakdownQuery = z.input<typeof breakdownQuerySchema>;

export const latencyMetricSchema = z.enum(['duration', 'ttft']);

export type LatencyMetric = z.infer<typeof latencyMetricSchema>;

export const latencyDistributionQuerySchema = scopeQuerySchema.safeExtend({
  metric: latencyMetricSchema.meta({ description: 'The whole request, or its time to first token.' }),
});

export type LatencyDistributionQuery = z.input<typeof latencyDistributionQuerySchema>;
