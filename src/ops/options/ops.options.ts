import { validateCronExpression } from 'cron';
import { z } from 'zod';
import { check, type Problem } from '../common/validated.js';
import {
  DEFAULT_DIMENSIONS,
  dimensionsSchema,
  IDENTIFIER,
  type DimensionOptions,
  type GivenDimension,
  type ReadyMadeDimension,
} from './dimension-options.js';
import { objectivesOption } from './objectives.js';

/** The most that PostgreSQL's int and a timer of Node both take, with room for a grace period on top. */
const MOST = 1_000_000_000;
/** As far back as PostgreSQL's timestamps reach, and more than anybody has. */
const MOST_DAYS = 1_000_000;

const whole = (least: number, most = MOST): z.ZodInt => z.int().min(least).max(most);

const schemaName = z.string().regex(IDENTIFIER, 'must be the name of a schema');

const condition = z.string().min(1, 'must be a condition in SQL');

/** As @nestjs/schedule takes it: five or six fields. */
const cronExpression = z
  .string()
  .refine(
    (text) => validateCronExpression(text).valid,
    'must be a cron expression, such as "*/10 * * * * *"',
  );

// Mapped types without a key filter, since those keep each option's documentation, as z.input and z.output do not.
type Given<Shape> = { readonly [Name in keyof Shape]?: z.input<Shape[Name]> };
type Resolved<Shape> = { readonly [Name in keyof Shape]: z.output<Shape[Name]> };

const RAW_RETENTION_DAYS = {
  /** How long the gateway keeps the rows of the usage log, in days. Not set: for ever. Older hours keep what is stored of it. */
  usageLogs: whole(1, MOST_DAYS).optional(),

  /** How long the gateway keeps the rows of the error log, in days. Not set: for ever. Older hours keep what is stored of it. */
  errorLogs: whole(1, MOST_DAYS).optional(),
};

/** How long the gateway keeps the rows of each raw table. */
export type RawRetentionDays = Given<typeof RAW_RETENTION_DAYS>;

/**
 * Every option of OpsModule: its type, limits, default and meaning, declared here and nowhere else. Durations carry their
 * unit in their name.
 */
const OPTIONS = {
  /** Schema of the module's own tables. Default: the search path's. Use `opsMigrationsIn` with the same name. */
  schema: schemaName.optional(),

  /** Schema of the raw tables. Default: the search path's. */
  rawSchema: schemaName.optional(),

  /**
   * Which rows of the usage log count: a condition in SQL over the row `u`, which must always say the same of a row.
   * It becomes part of statements as it is, so it must come from nobody but the operator. It is part of what the metrics
   * mean: with another one, they are recomputed where raw rows exist. The same on every instance. Not set: every row.
   */
  usageFilter: condition.optional(),

  /**
   * Which rows of the error log count, likewise, over the row `e`. Rows that are marked `is_count_tokens`, where the
   * table has that column, never do.
   */
  errorFilter: condition.optional(),

  /**
   * By what requests are sliced, beside platform and group: a list of ready-made sets (`model`, `account`, `api_key`,
   * `user`) and of sets of your own, each with its column in both raw tables. A set whose column a raw table lacks is left
   * out, with a warning. As a variable: names with commas between them, or the list as JSON. It is part of what the metrics
   * mean, like the filters. The same on every instance.
   */
  dimensions: dimensionsSchema.prefault([...DEFAULT_DIMENSIONS]) as z.ZodType<
    readonly DimensionOptions[],
    readonly (ReadyMadeDimension | GivenDimension)[] | undefined
  >,

  /**
   * How much of the time the audit may take, in percent of one connection: it compares closed hours with their raw rows,
   * and finds what detection by id cannot see. 0 switches it off.
   */
  auditPercent: whole(0, 100).default(1),

  /** Pause of the audit between two rounds over the hours of the last day, and over history, in seconds. */
  auditIntervalSeconds: whole(0).default(300),

  /**
   * How long an hour that has lost raw rows is watched before it is recomputed, in seconds. Meanwhile a purge that is in
   * progress shows: its hours go on losing rows, and end before the oldest one.
   */
  lossDelaySeconds: whole(0).default(3_600),

  /**
   * How long minutes are kept, in hours: answers about this time read no raw rows. 0: there are no minutes. The same on
   * every instance.
   */
  minuteRetentionHours: whole(0, 24 * 366).default(72),

  /**
   * How long an hour that late rows keep coming for rests between two recomputations, and its day before it is merged, in
   * seconds. Its minutes have them with the next tick, and readers take a day that rests from its hours.
   */
  recomputeIntervalSeconds: whole(0, 86_400).default(60),

  /** How far back the first run goes, in days; never further than the oldest raw row. */
  backfillDays: whole(1, 3_650).default(30),

  /** An hour is closed when its end is so many seconds ago, by the database's clock. */
  safeDelaySeconds: whole(0, 86_400).default(300),

  /** On how many connections one instance recomputes buckets at the same time. */
  drainConcurrency: whole(1, 64).default(2),

  /** `SET LOCAL statement_timeout` of every refresh transaction, in milliseconds. */
  statementTimeoutMs: whole(100).default(120_000),

  /** `SET LOCAL lock_timeout` of every refresh transaction, in milliseconds. */
  lockTimeoutMs: whole(10).default(5_000),

  /**
   * `SET LOCAL idle_in_transaction_session_timeout` of every refresh transaction, in milliseconds. An instance that is
   * suspended holds its day for no longer: the server ends the session, and another instance takes the day over.
   */
  idleInTransactionTimeoutMs: whole(1_000).default(30_000),

  /** First pause before a failed hour is tried again, in seconds; it doubles with each failure. */
  retryBaseSeconds: whole(1).default(60),

  /** Longest pause before a failed hour is tried again, in seconds. */
  retryMaxSeconds: whole(1).default(3_600),

  /** Longest range of one rebuild or one verification, in days. */
  maxRebuildDays: whole(1, 3_660).default(366),

  /**
   * How long hourly rows are kept, in days. Not set: for ever. The maintenance job drops whole UTC days, and only once
   * their daily rows are right. Hours older than this are not recomputed without force either: rows that arrive later
   * than this are counted, and not applied.
   */
  hourlyRetentionDays: whole(2, MOST_DAYS).optional(),

  /**
   * How long the hourly rows keep their latency distributions, in days. Not set: as long as the rows. Days keep theirs;
   * percentiles of ranges that old rest on whole days, or on the hourly percentiles.
   */
  distributionRetentionDays: whole(2, MOST_DAYS).optional(),

  /** How long daily rows are kept, in days, at least as long as hourly ones. Not set: for ever. */
  dailyRetentionDays: whole(2, MOST_DAYS).optional(),

  /** How long the gateway keeps the rows of each raw table: older hours keep what is stored of it. */
  rawRetentionDays: z.strictObject(RAW_RETENTION_DAYS).readonly().prefault({}) as z.ZodType<
    RawRetentionDays,
    RawRetentionDays | undefined
  >,

  /**
   * Where a range stops being healthy, for the dashboard: the SLA and the share of provider errors (0 to 1), p95 as a
   * multiple of the period before, p95 of duration and TTFT in milliseconds (null: not judged), each with a `degraded` and
   * a `critical` limit; and the fewest requests and samples that are judged. What is left out is as it is by default. As a
   * variable: the object as JSON.
   */
  objectives: objectivesOption,

  /** Whether latency distributions are stored: without them a range has no percentiles of its own. */
  distributions: z.boolean().default(true),

  /**
   * How many reads of one instance (overview, trend, breakdown, series, latency distribution, requests) run at the same time;
   * each needs a connection of the pool, and they never take the last one. More wait for their turn, and too many are
   * refused.
   */
  maxConcurrentReads: whole(1, 64).default(4),

  /** `SET LOCAL statement_timeout` of every read, in milliseconds; it waits for a lock for 2 s or half of this at most. */
  readTimeoutMs: whole(100).default(15_000),

  /** Whether this instance runs the scheduled jobs. Off: an instance that only serves, or a test. */
  jobsEnabled: z.boolean().default(true),

  /** Whether both jobs also run once when the application has started. */
  runJobsAtStart: z.boolean().default(true),

  /**
   * Cron expression, in UTC, of detection and drain. What minutes answer is as old as this at the most; instances that
   * have the same one ask the database at the same moments.
   */
  refreshCron: cronExpression.default('*/10 * * * * *'),

  /** Cron expression, in UTC, of the maintenance job. */
  maintenanceCron: cronExpression.default('7 * * * *'),
};

/** What a caller gives: any of the options. One that is undefined counts as not given. */
export type OpsModuleOptions = Given<typeof OPTIONS>;

/** All options, resolved: a plain frozen object. */
export type OpsOptions = Resolved<typeof OPTIONS>;

/** What they are injected by. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Nest takes a class for a token and a type at once
export const OpsOptions = class OpsOptions {} as new () => OpsOptions;

/** Checks what a caller gives, and fills in the defaults. Frozen, as are the values in it. */
export const opsOptionsSchema = z
  .strictObject(OPTIONS)
  .refine(({ dailyRetentionDays: daily = Infinity, hourlyRetentionDays: hourly = 0 }) => !(daily < hourly), {
    path: ['dailyRetentionDays'],
    error: 'must be at least hourlyRetentionDays',
    when: ({ value }) => value instanceof Object, // beside other problems, but for a fraction
  })
  .readonly() as z.ZodType<OpsOptions, OpsModuleOptions>;

/** An option of OpsModule is wrong; the message names each and says what was expected. */
export class OpsOptionsError extends Error {
  public constructor(public readonly problems: readonly Problem[]) {
    super(`OpsModule: ${problems.map(({ field, expected }) => `${field} ${expected}`).join('; ')}`);
    this.name = 'OpsOptionsError';
  }
}

/**
 * Fills in the defaults and checks every option.
 *
 * @throws OpsOptionsError naming each wrong or unknown option
 */
export function resolveOptions(given: OpsModuleOptions = {}): OpsOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { value, problems } = check(opsOptionsSchema, set, 'options');
  if (problems !== undefined) {
    throw new OpsOptionsError(problems);
  }
  return value;
}
