import { describe, expect, it } from '@jest/globals';
import {
  EnvironmentError,
  environmentVariables,
  readEnvironment,
  unknownVariables,
} from '../../src/config/environment.js';
import { opsOptionsSchema, resolveOptions } from '../../src/ops/index.js';

function refusal(env: Record<string, string>): string {
  try {
    readEnvironment(env);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as EnvironmentError).message;
  }
  throw new Error(`${JSON.stringify(env)} was accepted`);
}

describe('readEnvironment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      DATABASE_POOL_SIZE: 10,
      OPS_DATA_DIR: '.data',
      OPS_METRICS_ENDPOINT: true,
      HOST: '127.0.0.1',
      PORT: 3000,
      LOG_LEVEL: 'log',
      LOG_FORMAT: 'text',
      options: resolveOptions(),
    });
  });

  it('reads every kind of variable, with blanks around numbers', () => {
    const environment = readEnvironment({
      DATABASE_URL: 'postgresql://u:p@host:5433/db?sslmode=require',
      DATABASE_POOL_SIZE: ' 20 ',
      OPS_MIGRATE_AT_START: 'false',
      OPS_ADMIN_TOKEN: 'x'.repeat(32),
      PORT: '0',
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'json',
      OPS_JOBS_ENABLED: 'true',
      OPS_REFRESH_CRON: '*/5 * * * * *',
    });
    expect(environment).toMatchObject({
      DATABASE_URL: 'postgresql://u:p@host:5433/db?sslmode=require',
      DATABASE_POOL_SIZE: 20,
      OPS_MIGRATE_AT_START: false,
      OPS_ADMIN_TOKEN: 'x'.repeat(32),
      PORT: 0,
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'json',
      options: { jobsEnabled: true, refreshCron: '*/5 * * * * *' },
    });
  });

  it.each(['', ' ', '\t\n'])('takes %j for not set', (blank) => {
    const names = [
      'DATABASE_URL',
      'DATABASE_POOL_SIZE',
      'OPS_MIGRATE_AT_START',
      'OPS_ADMIN_TOKEN',
      'HOST',
      'PORT',
      'LOG_LEVEL',
      'OPS_JOBS_ENABLED',
      'OPS_MAINTENANCE_CRON',
      'OPS_AUDIT_PERCENT',
      'OPS_LOSS_DELAY_SECONDS',
    ];
    expect(readEnvironment(Object.fromEntries(names.map((name) => [name, blank])))).toEqual(
      readEnvironment({}),
    );
  });

  it('takes no notice of variables that are not its own', () => {
    expect(readEnvironment({ PATH: '/bin', port: 'x', OPS_SOMETHING: 'x' })).toMatchObject({ PORT: 3000 });
  });

  it.each([
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', 'localhost:5432'],
    ['DATABASE_POOL_SIZE', '1'],
    ['DATABASE_POOL_SIZE', 'many'],
    ['OPS_MIGRATE_AT_START', 'yes'],
    ['OPS_ADMIN_TOKEN', 'x'.repeat(31)],
    ['OPS_ADMIN_TOKEN', `${'x'.repeat(20)} ${'x'.repeat(20)}`],
    ['OPS_ADMIN_TOKEN', `${'x'.repeat(40)}é`],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['LOG_LEVEL', 'loud'],
    ['LOG_FORMAT', 'xml'],
    ['OPS_JOBS_ENABLED', '1'],
    ['OPS_REFRESH_CRON', 'every minute'],
    ['OPS_MAINTENANCE_CRON', '61 * * * *'],
    ['OPS_AUDIT_PERCENT', '-1'],
    ['OPS_AUDIT_PERCENT', '101'],
    ['OPS_AUDIT_PERCENT', 'two'],
    ['OPS_LOSS_DELAY_SECONDS', '-1'],
    ['OPS_BACKFILL_DAYS', '0'],
    ['OPS_SAFE_DELAY_SECONDS', '86401'],
    ['OPS_DRAIN_CONCURRENCY', '0'],
    ['OPS_STATEMENT_TIMEOUT_MS', '99'],
    ['OPS_LOCK_TIMEOUT_MS', '9'],
    ['OPS_MAX_REBUILD_DAYS', '0'],
    ['OPS_MAX_CONCURRENT_READS', '0'],
    ['OPS_READ_TIMEOUT_MS', '99'],
    ['OPS_USAGE_RETENTION_DAYS', '0'],
    ['OPS_ERROR_RETENTION_DAYS', '0.5'],
  ])('names %s when it is %j', (name, value) => {
    expect(refusal({ [name]: value })).toContain(name);
  });

  it.each([
    ['model,colour', 'OPS_DIMENSIONS.1 must be one of model, account, api_key, user, or a set with'],
    ['model,,user', 'OPS_DIMENSIONS.1 must be one of'],
    ['[{"name": "x"}]', 'OPS_DIMENSIONS.0 must be one of'],
    ['["model"', 'OPS_DIMENSIONS must be a list'],
    ['{"name": "x"}', 'OPS_DIMENSIONS.0 must be one of'],
    ['model,model', 'OPS_DIMENSIONS must not have a name twice'],
  ])('names OPS_DIMENSIONS when it is %j, and says where', (value, said) => {
    expect(refusal({ OPS_DIMENSIONS: value })).toContain(said);
  });

  it.each([
    ['model', ['model']],
    [' api_key , user ', ['api_key', 'user']],
    ['["model", "account"]', ['model', 'account']],
    [' [{"name": "region", "usageColumn": "region", "errorColumn": "region"}, "user"]', ['region', 'user']],
    ['[]', []],
    ['  ', ['model', 'account']],
  ])('takes the sets of OPS_DIMENSIONS %j', (value, names) => {
    const { options } = readEnvironment({ OPS_DIMENSIONS: value });
    expect(options.dimensions.map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ['99', 'OPS_OBJECTIVES must be an object'],
    ['{"sla": ', 'OPS_OBJECTIVES must be an object'],
    ['{"sla": {"degraded": 2}}', 'OPS_OBJECTIVES.sla.degraded must be at most 1'],
    ['{"slo": {}}', 'OPS_OBJECTIVES.slo is not known'],
  ])('names OPS_OBJECTIVES when it is %j, and says where', (value, said) => {
    expect(refusal({ OPS_OBJECTIVES: value })).toContain(said);
  });

  it('takes OPS_OBJECTIVES as JSON', () => {
    const objectives = { sla: { degraded: 0.999 }, ttftP95Ms: { degraded: 2_000, critical: 8_000 } };
    expect(readEnvironment({ OPS_OBJECTIVES: ` ${JSON.stringify(objectives)} ` }).options).toEqual(
      resolveOptions({ objectives }),
    );
  });

  it('names every wrong variable at once, and no value that may be secret', () => {
    const message = refusal({
      PORT: 'x',
      OPS_ADMIN_TOKEN: 'short-secret',
      DATABASE_URL: 'mysql://u:secret@h',
      OPS_BACKFILL_DAYS: '0',
      OPS_HOURLY_RETENTION_DAYS: '9',
      OPS_DAILY_RETENTION_DAYS: '8',
    });
    expect(message).toContain('OPS_BACKFILL_DAYS must be at least 1');
    expect(message).toContain('OPS_DAILY_RETENTION_DAYS must be at least hourlyRetentionDays');
    expect(message).toContain('PORT');
    expect(message).toContain('OPS_ADMIN_TOKEN');
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain('secret');
  });
});

describe('DATABASE_URL', () => {
  it.each([
    ['postgres://u:%zz@host/db', /% that is not escaped.*%25/],
    ['postgres://u:%ff@host/db', /% that is not escaped.*%25/],
    ['postgres://u:secret#word@host:5432/db', /# that is not escaped.*%23/],
    ['postgres://u:#@host/db', /# that is not escaped.*%23/],
    ['postgres://u:secret/word@host/db', /\/ that is not escaped.*%2F/],
    ['postgres://u:1/secret@host/db', /\/ that is not escaped.*%2F/],
    ['postgres://u:1?secret@host/db', /\? that is not escaped.*%3F/],
    ['postgres://u:secret@host:99999/db', /port from 1 to 65535/],
    ['postgres://u:secret@host:0/db', /port from 1 to 65535/],
    ['postgres://u:secret@host:port/db', /a host and a port/],
    ['postgres://u:secret@[::1/db', /a host and a port/],
    ['postgres://u:secret@::1/db', /a host and a port/],
    ['postgres://u:secret@ho^st/db', /valid URL/],
  ])('%s is refused with what is wrong, and without itself', (url, why) => {
    const message = refusal({ DATABASE_URL: url });
    expect(message).toMatch(/^DATABASE_URL .+$/);
    expect(message).toMatch(why);
    expect(message).not.toMatch(/secret|word@|zz/);
  });

  it.each([
    'postgres://host/db',
    'postgresql://u@host',
    'postgres://u:p%23%2F%3f%25@host:5432/db',
    'postgres://u:p@[::1]:5432/db',
    'postgres://u:p@w@host/db',
    'postgres:///db?host=/var/run/postgresql',
    'postgres://u:p@/db?host=/run/pg',
    'postgres://u:p@host/db?application_name=a@b&sslmode=require',
  ])('%s is taken', (url) => {
    expect(readEnvironment({ DATABASE_URL: url }).DATABASE_URL).toBe(url);
  });
});

describe('unknownVariables', () => {
  it('names what only looks like a variable of the app', () => {
    const env = { PATH: '/bin', OPS_DATA_DIR: 'x', OPS_REFRESH_CRONS: 'x', OPS_: '', PORT: '1', NOPS_A: '' };
    expect(unknownVariables(env)).toEqual(['OPS_REFRESH_CRONS', 'OPS_']);
  });
});

describe('the options', () => {
  it('have a variable each, but for those that the app’s migrations decide', () => {
    const set = environmentVariables.flatMap(({ path }) => (path[0] === 'options' ? [path[1]] : []));
    const options = Object.keys(opsOptionsSchema.toJSONSchema({ io: 'input' }).properties ?? {});
    expect(new Set([...set, 'schema', 'rawSchema'])).toEqual(new Set(options));
    expect(unknownVariables({ OPS_SCHEMA: 'x', OPS_RAW_SCHEMA: 'x' })).toHaveLength(2);
  });

  it('are set by the variables', () => {
    const { options } = readEnvironment({
      OPS_JOBS_ENABLED: 'false',
      OPS_REFRESH_CRON: '1 * * * *',
      OPS_MAINTENANCE_CRON: '2 * * * *',
      OPS_AUDIT_PERCENT: '3',
      OPS_LOSS_DELAY_SECONDS: '12',
      OPS_BACKFILL_DAYS: '4',
      OPS_SAFE_DELAY_SECONDS: '5',
      OPS_DRAIN_CONCURRENCY: '6',
      OPS_STATEMENT_TIMEOUT_MS: '700',
      OPS_LOCK_TIMEOUT_MS: '80',
      OPS_MAX_REBUILD_DAYS: '9',
      OPS_MAX_CONCURRENT_READS: '12',
      OPS_READ_TIMEOUT_MS: '1300',
      OPS_USAGE_RETENTION_DAYS: '10',
      OPS_ERROR_RETENTION_DAYS: '11',
      OPS_IDLE_IN_TRANSACTION_TIMEOUT_MS: '1400',
      OPS_USAGE_FILTER: 'u.stream',
      OPS_ERROR_FILTER: 'true',
      OPS_DISTRIBUTIONS: 'false',
      OPS_RUN_JOBS_AT_START: 'false',
    });
    expect(options).toMatchObject({
      jobsEnabled: false,
      refreshCron: '1 * * * *',
      maintenanceCron: '2 * * * *',
      auditPercent: 3,
      lossDelaySeconds: 12,
      backfillDays: 4,
      safeDelaySeconds: 5,
      drainConcurrency: 6,
      statementTimeoutMs: 700,
      lockTimeoutMs: 80,
      maxRebuildDays: 9,
      maxConcurrentReads: 12,
      readTimeoutMs: 1300,
      rawRetentionDays: { usageLogs: 10, errorLogs: 11 },
      idleInTransactionTimeoutMs: 1400,
      usageFilter: 'u.stream',
      errorFilter: 'true',
      distributions: false,
      runJobsAtStart: false,
    });
  });
});
