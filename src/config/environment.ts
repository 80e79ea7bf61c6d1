import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  getMetadataStorage,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
} from 'class-validator';
import { IsCronExpression } from '../ops/index.js';
import { problemsOf } from '../ops/index.js';
import { IsDatabaseUrl } from './is-database-url.js';

const ToInt = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value,
  );

const ToBoolean = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));

/** Every environment variable of the gateway app. A blank one counts as not set. */
export class Environment {
  /** Any PostgreSQL 14 or newer. Not set: the embedded one. */
  @IsOptional()
  @IsDatabaseUrl()
  readonly DATABASE_URL?: string;

  /** Connections of the pool. */
  @ToInt()
  @IsInt()
  @Min(2)
  @Max(500)
  readonly DATABASE_POOL_SIZE: number = 10;

  /** Whether pending migrations are applied at start. Default: only to the embedded database. */
  @IsOptional()
  @ToBoolean()
  @IsBoolean({ message: 'OPS_MIGRATE_AT_START must be true or false' })
  readonly OPS_MIGRATE_AT_START?: boolean;

  /** Where the embedded database and the admin token made for it are kept. */
  @IsString()
  readonly OPS_DATA_DIR: string = '.data';

  /** Bearer token of the admin endpoints; needed with DATABASE_URL, made with the embedded database. */
  @IsOptional()
  @IsString()
  @MinLength(32, { message: 'OPS_ADMIN_TOKEN must have at least 32 characters' })
  // Any other character could not be sent in an Authorization header: nobody would ever get in.
  @Matches(/^[\x21-\x7e]*$/, { message: 'OPS_ADMIN_TOKEN must consist of ASCII characters, without blanks' })
  readonly OPS_ADMIN_TOKEN?: string;

  @IsString()
  readonly HOST: string = '127.0.0.1';

  /** 0 chooses a free port. */
  @ToInt()
  @IsInt()
  @Min(0)
  @Max(65_535)
  readonly PORT: number = 3000;

  @IsIn(['error', 'warn', 'log', 'debug', 'verbose'])
  readonly LOG_LEVEL: 'error' | 'warn' | 'log' | 'debug' | 'verbose' = 'log';

  @IsIn(['text', 'json'])
  readonly LOG_FORMAT: 'text' | 'json' = 'text';

  @IsOptional()
  @ToBoolean()
  @IsBoolean({ message: 'OPS_JOBS_ENABLED must be true or false' })
  readonly OPS_JOBS_ENABLED?: boolean;

  /** Conditions in SQL: which raw rows count. */
  @IsOptional()
  @IsString()
  readonly OPS_USAGE_FILTER?: string;

  @IsOptional()
  @IsString()
  readonly OPS_ERROR_FILTER?: string;

  @IsOptional()
  @IsCronExpression()
  readonly OPS_REFRESH_CRON?: string;

  @IsOptional()
  @IsCronExpression()
  readonly OPS_MAINTENANCE_CRON?: string;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_AUDIT_PERCENT?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_LOSS_DELAY_SECONDS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_BACKFILL_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_SAFE_DELAY_SECONDS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_DRAIN_CONCURRENCY?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_STATEMENT_TIMEOUT_MS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_LOCK_TIMEOUT_MS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_MAX_REBUILD_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_USAGE_RETENTION_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_ERROR_RETENTION_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_HOURLY_RETENTION_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_DISTRIBUTION_RETENTION_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_DAILY_RETENTION_DAYS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_MAX_CONCURRENT_READS?: number;

  @IsOptional()
  @ToInt()
  @IsInt()
  readonly OPS_READ_TIMEOUT_MS?: number;

  /** Whether `GET /metrics` is served, to everybody who reaches the port. */
  @IsOptional()
  @ToBoolean()
  @IsBoolean({ message: 'OPS_METRICS_ENDPOINT must be true or false' })
  readonly OPS_METRICS_ENDPOINT?: boolean;
}

/** An environment variable is wrong; the message names it and says what was expected. */
export class EnvironmentError extends Error {
  public constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'EnvironmentError';
  }
}

const isBlank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

/** @throws EnvironmentError */
export function readEnvironment(env: Record<string, unknown>): Environment {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && !isBlank(value)),
  );
  const environment = plainToInstance(Environment, set, { exposeDefaultValues: true });
  const problems = problemsOf(validateSync(environment));
  if (problems.length > 0) {
    throw new EnvironmentError(problems.map(({ message }) => message));
  }
  return environment;
}

/** Variables that look like this app's and are not: a misspelt option would otherwise be its default, silently. */
export function unknownVariables(env: Record<string, unknown>): string[] {
  const known = new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Environment, '', false, false)
      .map(({ propertyName }) => propertyName),
  );
  return Object.keys(env).filter((name) => name.startsWith('OPS_') && !known.has(name));
}
