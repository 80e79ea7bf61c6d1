import { describe, expect, it } from '@jest/globals';
import { EnvironmentError, readEnvironment } from '../../src/config/environment.js';
import { OpsOptionsError, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { retentionHours } from '../../src/ops/invalidation/sql/floors.sql.js';

const fromEnvironment = (env: Record<string, string>) => readEnvironment(env).options;

describe('the retention options', () => {
  it('keep everything by default', () => {
    const { hourlyRetentionDays, distributionRetentionDays, dailyRetentionDays } = resolveOptions();
    expect([hourlyRetentionDays, distributionRetentionDays, dailyRetentionDays]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each([
    [{ hourlyRetentionDays: 2 }],
    [{ dailyRetentionDays: 2 }],
    [{ hourlyRetentionDays: 30, dailyRetentionDays: 30 }],
    [{ hourlyRetentionDays: 30, dailyRetentionDays: 400, distributionRetentionDays: 7 }],
  ] as [OpsModuleOptions][])('take %j', (options) => {
    expect(resolveOptions(options)).toMatchObject(options);
  });

  it.each([
    ['hourlyRetentionDays', { hourlyRetentionDays: 1 }],
    ['hourlyRetentionDays', { hourlyRetentionDays: 2.5 }],
    ['distributionRetentionDays', { distributionRetentionDays: 0 }],
    ['dailyRetentionDays', { dailyRetentionDays: -1 }],
    ['dailyRetentionDays', { hourlyRetentionDays: 30, dailyRetentionDays: 29 }],
  ] as [string, OpsModuleOptions][])('name a wrong %s: %j', (name, options) => {
    expect(() => resolveOptions(options)).toThrow(OpsOptionsError);
    expect(() => resolveOptions(options)).toThrow(name);
  });

  it('come from the environment', () => {
    const options = fromEnvironment({
      OPS_HOURLY_RETENTION_DAYS: '10',
      OPS_DISTRIBUTION_RETENTION_DAYS: '5',
      OPS_DAILY_RETENTION_DAYS: '100',
    });
    expect(options).toMatchObject({
      hourlyRetentionDays: 10,
      distributionRetentionDays: 5,
      dailyRetentionDays: 100,
    });
  });

  it.each([
    ['OPS_HOURLY_RETENTION_DAYS', { OPS_HOURLY_RETENTION_DAYS: '1' }],
    ['OPS_DISTRIBUTION_RETENTION_DAYS', { OPS_DISTRIBUTION_RETENTION_DAYS: 'x' }],
    ['OPS_DAILY_RETENTION_DAYS', { OPS_HOURLY_RETENTION_DAYS: '9', OPS_DAILY_RETENTION_DAYS: '8' }],
    ['OPS_METRICS_ENDPOINT', { OPS_METRICS_ENDPOINT: 'no' }],
  ])('name the variable %s: %j', (name, env) => {
    expect(() => fromEnvironment(env)).toThrow(EnvironmentError);
    expect(() => fromEnvironment(env)).toThrow(name);
  });
});

describe('retentionHours', () => {
  it('are those of each table by itself, and null for those that are kept for ever', () => {
    const hours = (options: OpsModuleOptions) => retentionHours(resolveOptions(options));
    expect(hours({})).toEqual({ usage: null, errors: null, hourly: null, daily: null, distributions: null });
    expect(hours({ hourlyRetentionDays: 3, rawRetentionDays: { usageLogs: 2, errorLogs: 9 } })).toEqual({
      usage: 48,
      errors: 216,
      hourly: 72,
      daily: null,
      distributions: null,
    });
    expect(hours({ dailyRetentionDays: 3, distributionRetentionDays: 2 })).toEqual({
      usage: null,
      errors: null,
      hourly: null,
      daily: 72,
      distributions: 48,
    });
  });
});
