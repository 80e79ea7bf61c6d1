import 'reflect-metadata';
import { plainToInstance, Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
  validateSync,
} from 'class-validator';
import { IsAtLeastOption } from './is-at-least-option.js';
import { IsCronExpression } from './is-cron-expression.js';
import { problemsOf, type ValidationProblem } from './validation-problems.js';

/** What PostgreSQL takes as an identifier without truncating it. */
const SCHEMA_NAME = /^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/;

/** How long the gateway keeps the rows of each raw table, in days. Not set: for ever. */
export class RawRetentionDays {
  @IsOptional()
  @IsInt()
  @Min(1)
  readonly usageLogs?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  readonly errorLogs?: number;
}

/** Every option of OpsModule, with its default. Durations carry their unit in their name. */
export class OpsOptions {
  /** Schema of the module's own tables. Default: the search path's. Use `opsMigrationsIn` with the same name. */
  @IsOptional()
  @Matches(SCHEMA_NAME, { message: 'schema must be the name of a schema' })
  readonly schema?: string;

  /** Schema of the raw tables. Default: the search path's. */
  @IsOptional()
  @Matches(SCHEMA_NAME, { message: 'rawSchema must be the name of a schema' })
  readonly rawSchema?: string;

  /**
   * Which rows of the usage log count: a condition in SQL over the row `u`, which must always say the same of a row.
   * It becomes part of statements as it is, so it must come from nobody but the operator. It is part of what the metrics
   * mean: with another one, they are recomputed where raw rows exist. The same on every instance.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  readonly usageFilter?: string;

  /**
   * Which rows of the error log count, likewise, over the row `e`. Rows that are marked `is_count_tokens`, where the
   * table has that column, never do.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  readonly errorFilter?: string;

  /**
   * How much of the time the audit may take, in percent of one connection: it compares closed hours with their raw rows,
   * and finds what detection by id cannot see. 0 switches it off.
   */
  @IsInt()
  @Min(0)
  @Max(100)
  readonly auditPercent: number = 1;

  /** Pause of the audit between two rounds over the hours of the last day, and over history, in seconds. */
  @IsInt()
  @Min(0)
  readonly auditIntervalSeconds: number = 300;

  /**
   * How long an hour that has lost raw rows is watched before it is recomputed, in seconds. Meanwhile a purge that is in
   * progress shows: its hours go on losing rows, and end before the oldest one.
   */
  @IsInt()
  @Min(0)
  readonly lossDelaySeconds: number = 3_600;

  /** How far back the first run goes, in days; never further than the oldest raw row. */
  @IsInt()
  @Min(1)
  @Max(3650)
  readonly backfillDays: number = 30;

  /** An hour is closed when its end is so many seconds ago, by the database's clock. */
  @IsInt()
  @Min(0)
  @Max(86_400)
  readonly safeDelaySeconds: number = 300;

  /** On how many connections one instance recomputes buckets at the same time. */
  @IsInt()
  @Min(1)
  @Max(64)
  readonly drainConcurrency: number = 2;

  /** SET LOCAL statement_timeout of every refresh transaction, in milliseconds. */
  @IsInt()
  @Min(100)
  readonly statementTimeoutMs: number = 120_000;

  /** SET LOCAL lock_timeout of every refresh transaction, in milliseconds. */
  @IsInt()
  @Min(10)
  readonly lockTimeoutMs: number = 5_000;

  /**
   * SET LOCAL idle_in_transaction_session_timeout of every refresh transaction, in milliseconds. An instance that is
   * suspended holds its day for no longer: the server ends the session, and another instance takes the day over.
   */
  @IsInt()
  @Min(1_000)
  readonly idleInTransactionTimeoutMs: number = 30_000;

  /** First pause before a failed hour is tried again, in seconds; it doubles with each failure. */
  @IsInt()
  @Min(1)
  readonly retryBaseSeconds: number = 60;

  /** Longest pause before a failed hour is tried again, in seconds. */
  @IsInt()
  @Min(1)
  readonly retryMaxSeconds: number = 3_600;

  /** Longest range of one rebuild or one verification, in days. */
  @IsInt()
  @Min(1)
  @Max(3_660)
  readonly maxRebuildDays: number = 366;

  /**
   * How long hourly rows are kept, in days. Not set: for ever. The maintenance job drops whole UTC days, and only once their
   * daily rows are right. Hours older than this are not recomputed without force either: rows that arrive later than
   * this are counted, and not applied.
   */
  @IsOptional()
  @IsInt()
  @Min(2)
  readonly hourlyRetentionDays?: number;

  /**
   * How long the hourly rows keep their latency distributions, in days. Not set: as long as the rows. Days keep theirs;
   * percentiles of ranges that old rest on whole days, or on the hourly percentiles.
   */
  @IsOptional()
  @IsInt()
  @Min(2)
  readonly distributionRetentionDays?: number;

  /** How long daily rows are kept, in days, at least as long as hourly ones. Not set: for ever. */
  @IsOptional()
  @IsInt()
  @Min(2)
  @IsAtLeastOption('hourlyRetentionDays')
  readonly dailyRetentionDays?: number;

  /** Hours older than the newest of these limits are never recomputed automatically. */
  @ValidateNested()
  @Type(() => RawRetentionDays)
  readonly rawRetentionDays: RawRetentionDays = new RawRetentionDays();

  /** Whether latency distributions are stored: without them a range has no percentiles of its own. */
  @IsBoolean()
  readonly distributions: boolean = true;

  /**
   * How many reads of one instance (overview, trend, breakdown, latency distribution) run at the same time; each needs
   * a connection of the pool, and they never take the last one. More wait for their turn, and too many are refused.
   */
  @IsInt()
  @Min(1)
  @Max(64)
  readonly maxConcurrentReads: number = 4;

  /** SET LOCAL statement_timeout of every read, in milliseconds; it waits for a lock for 2 s or half of this at most. */
  @IsInt()
  @Min(100)
  readonly readTimeoutMs: number = 15_000;

  /** Whether this instance runs the scheduled jobs. Off: an instance that only serves, or a test. */
  @IsBoolean()
  readonly jobsEnabled: boolean = true;

  /** Whether both jobs also run once when the application has started. */
  @IsBoolean()
  readonly runJobsAtStart: boolean = true;

  /** Cron expression, in UTC, of detection and drain. */
  @IsCronExpression()
  readonly refreshCron: string = '*/10 * * * *';

  /** Cron expression, in UTC, of the maintenance job. */
  @IsCronExpression()
  readonly maintenanceCron: string = '7 * * * *';
}

/** An option of OpsModule is wrong; the message names each and says what was expected. */
export class OpsOptionsError extends Error {
  public constructor(public readonly problems: readonly ValidationProblem[]) {
    super(`OpsModule: ${problems.map(({ message }) => message).join('; ')}`);
    this.name = 'OpsOptionsError';
  }
}

/** What a caller gives: any of the options. */
export type OpsModuleOptions = Partial<OpsOptions>;

/**
 * Fills in the defaults and checks every option.
 *
 * @throws OpsOptionsError naming each wrong or unknown option
 */
export function resolveOptions(given: OpsModuleOptions = {}): OpsOptions {
  const set = Object.fromEntries(
    Object.entries(given as Record<string, unknown>).filter(([, value]) => value !== undefined),
  );
  const options = plainToInstance(OpsOptions, set, { exposeDefaultValues: true });
  const errors = validateSync(options, { whitelist: true, forbidNonWhitelisted: true });
  if (errors.length > 0) {
    throw new OpsOptionsError(problemsOf(errors));
  }
  return options;
}
