import { z } from 'zod';
import { bigCount, count, flag, instant, words } from '../common/schemas.js';
import { rangeSchema } from '../ranges/range.schemas.js';
import { runStateSchema } from '../runs/run.schemas.js';

/** Differences listed in a report; all are counted. It bounds the memory that any range can take. */
export const MAX_LISTED_DIFFERENCES = 1_000;

/** Buckets listed as not judged; all are counted. */
export const MAX_LISTED_UNJUDGED = 1_000;

export const verificationRequestSchema = rangeSchema
  .safeExtend({
    fix: flag('Note every bucket with a difference for recomputation.').nullish().meta({ default: false }),
  })
  .meta({ id: 'VerifyRequestDto' });

/** Times are Dates, or ISO 8601 with a zone. */
export type VerificationRequest = z.input<typeof verificationRequestSchema>;

const tableOf = z
  .enum(['minutely', 'hourly', 'daily', 'dimension_hourly', 'dimension_daily'])
  .meta({ example: 'hourly' });
const bucketAt = (example: string) =>
  words('Start of the UTC minute or hour, or the UTC day (YYYY-MM-DD).', example);

const differenceSchema = z
  .object({
    table: tableOf,
    bucket: bucketAt('2026-01-12T07:00:00.000Z'),
    level: z.enum(['overall', 'platform', 'group']).meta({ example: 'group' }),
    platform: words('Null at the overall level.', 'openai').nullable(),
    groupId: bigCount('Null but at the group level.', '12').nullable(),
    dimension: words('The set of a row of the dimensions; null for the others.', 'model').nullable(),
    key: words('Its key; null for the others.', 'claude-sonnet-4').nullable(),
    column: words('`(row)` where the whole row is missing on one side.', 'success_count'),
    stored: words(
      'What the table has, as text; of a distribution the rounded form that is compared, shortened.',
      '1204',
    ).nullable(),
    computed: words('What the raw rows (for a day: its hourly rows) give.', '1205').nullable(),
    pending: flag('Known to be stale: the next drain recomputes it.'),
  })
  .meta({ id: 'DifferenceResponse' });

/** A stored value that is not what the raw rows (for a day: its hourly rows) give. */
export type Difference = z.infer<typeof differenceSchema>;

const reasonSchema = z.enum([
  'raw_rows_purged',
  'held_back',
  'late_rows_not_applied',
  'hourly_rows_dropped',
  'timed_out',
]);

export type UnjudgedReason = z.infer<typeof reasonSchema>;

const whyNot = (table: string) =>
  reasonSchema.nullable().meta({
    description:
      `Why the columns that come from ${table} were not; null where they were. \`raw_rows_purged\`: below the table's ` +
      'floor, and more is stored than its raw rows give; `held_back`: by the shrink guard, since it would lose more than ' +
      'half of its requests; `late_rows_not_applied`: below the configured floor, and less is stored; ' +
      '`hourly_rows_dropped`: by the retention (for a day: those of one of its hours); `timed_out`: it takes longer than ' +
      'a statement may.',
    example: 'raw_rows_purged',
  });

const unjudgedBucketSchema = z
  .object({
    table: tableOf,
    bucket: bucketAt('2026-01-02T07:00:00.000Z'),
    usage: whyNot('usage_logs'),
    errors: whyNot('ops_error_logs'),
  })
  .meta({ id: 'UnjudgedBucketResponse' });

/** A bucket of which columns were not compared. */
export type UnjudgedBucket = z.infer<typeof unjudgedBucketSchema>;

const reportSchema = z.object({
  from: instant('The range, widened to whole UTC hours.', '2026-01-01T00:00:00.000Z'),
  to: instant('Exclusive; cut at the last closed hour.', '2026-01-31T00:00:00.000Z'),
  hoursTotal: count('Closed hours of the range.', 720),
  hours: count('Of them, the ones that have been looked at so far: all, unless it was stopped.', 312),
  unjudgedCount: count('Minutes, hours and days of which columns could not be judged.', 1),
  unjudged: z.array(unjudgedBucketSchema).meta({ description: `The first ${MAX_LISTED_UNJUDGED} of them.` }),
  differenceCount: count('All of them, also those that are not listed.', 1),
  differences: z.array(differenceSchema).meta({ description: `The first ${MAX_LISTED_DIFFERENCES}.` }),
  notedMinutes: count('Minutes noted for recomputation; 0 without `fix`.'),
  notedHours: count('Hours noted for recomputation; 0 without `fix`.'),
  notedDays: count('Days noted for recomputation; 0 without `fix`.'),
});

export type VerifyReport = z.infer<typeof reportSchema>;

const verificationShape = {
  ...runStateSchema.shape,
  fix: flag('Whether buckets with a difference are noted.'),
  ...reportSchema.shape,
};

export const verificationSchema = z.object(verificationShape).meta({ id: 'VerificationResponse' });

/** A verification that goes on in the background, and its report so far. */
export type Verification = z.infer<typeof verificationSchema>;

export const verificationSummarySchema = z
  .object(verificationShape)
  .omit({ unjudged: true, differences: true })
  .meta({ id: 'VerificationSummaryResponse' });

/** The same without its lists. */
export type VerificationSummary = z.infer<typeof verificationSummarySchema>;
