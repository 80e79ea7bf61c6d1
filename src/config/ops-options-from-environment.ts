import { OpsOptionsError, resolveOptions, type OpsModuleOptions } from '../ops/index.js';
import { EnvironmentError, type Environment } from './environment.js';

/** Options that have an environment variable, and which. */
const VARIABLES = {
  usageFilter: 'OPS_USAGE_FILTER',
  errorFilter: 'OPS_ERROR_FILTER',
  jobsEnabled: 'OPS_JOBS_ENABLED',
  refreshCron: 'OPS_REFRESH_CRON',
  maintenanceCron: 'OPS_MAINTENANCE_CRON',
  auditPercent: 'OPS_AUDIT_PERCENT',
  lossDelaySeconds: 'OPS_LOSS_DELAY_SECONDS',
  backfillDays: 'OPS_BACKFILL_DAYS',
  safeDelaySeconds: 'OPS_SAFE_DELAY_SECONDS',
  drainConcurrency: 'OPS_DRAIN_CONCURRENCY',
  statementTimeoutMs: 'OPS_STATEMENT_TIMEOUT_MS',
  lockTimeoutMs: 'OPS_LOCK_TIMEOUT_MS',
  idleInTransactionTimeoutMs: 'OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS',
  maxRebuildDays: 'OPS_MAX_REBUILD_DAYS',
  hourlyRetentionDays: 'OPS_HOURLY_RETENTION_DAYS',
  distributionRetentionDays: 'OPS_DISTRIBUTION_RETENTION_DAYS',
  dailyRetentionDays: 'OPS_DAILY_RETENTION_DAYS',
  maxConcurrentReads: 'OPS_MAX_CONCURRENT_READS',
  readTimeoutMs: 'OPS_READ_TIMEOUT_MS',
  'rawRetentionDays.usageLogs': 'OPS_USAGE_RETENTION_DAYS',
  'rawRetentionDays.errorLogs': 'OPS_ERROR_RETENTION_DAYS',
} as const satisfies Record<string, keyof Environment>;

/**
 * The module's options as the environment sets them; the module's own defaults and limits hold.
 *
 * @throws EnvironmentError naming the variable whose value the module refuses
 */
export function opsOptionsFrom(environment: Environment): OpsModuleOptions {
  const entries = Object.entries(VARIABLES).map(
    ([option, variable]) => [option, environment[variable]] as const,
  );
  const given = Object.fromEntries(entries);
  const options = {
    ...Object.fromEntries(entries.filter(([option, value]) => !option.includes('.') && value !== undefined)),
    rawRetentionDays: {
      usageLogs: given['rawRetentionDays.usageLogs'],
      errorLogs: given['rawRetentionDays.errorLogs'],
    },
  } as OpsModuleOptions;
  try {
    resolveOptions(options);
  } catch (error) {
    if (error instanceof OpsOptionsError) {
      throw new EnvironmentError(
        error.problems.map(({ field, message }) => `${variableOf(field)}: ${message}`),
      );
    }
    throw error;
  }
  return options;
}

function variableOf(option: string): string {
  const known = Object.entries(VARIABLES).find(([name]) => name === option);
  return known === undefined ? option : known[1];
}
