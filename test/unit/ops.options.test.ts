import { describe, expect, it } from '@jest/globals';
import { OpsOptionsError, resolveOptions } from '../../src/ops/index.js';

function refusal(options: Record<string, unknown>): OpsOptionsError {
  try {
    resolveOptions(options);
  } catch (error) {
    expect(error).toBeInstanceOf(OpsOptionsError);
    return error as OpsOptionsError;
  }
  throw new Error(`${JSON.stringify(options)} was accepted`);
}

describe('resolveOptions', () => {
  it('fills in the documented defaults', () => {
    expect(resolveOptions()).toMatchObject({
      auditPercent: 1,
      auditIntervalSeconds: 300,
      lossDelaySeconds: 3_600,
      backfillDays: 30,
      safeDelaySeconds: 300,
      drainConcurrency: 2,
      maxConcurrentReads: 4,
      readTimeoutMs: 15_000,
      jobsEnabled: true,
      runJobsAtStart: true,
      minuteRetentionHours: 72,
      recomputeIntervalSeconds: 60,
      refreshCron: '*/10 * * * * *',
      maintenanceCron: '7 * * * *',
      rawRetentionDays: {},
    });
  });

  it('keeps what is given, zero and false included, and defaults what is undefined', () => {
    const given = {
      auditPercent: 0,
      lossDelaySeconds: 0,
      safeDelaySeconds: 0,
      jobsEnabled: false,
      backfillDays: undefined,
      hourlyCron: undefined,
    };
    expect(resolveOptions(given)).toMatchObject({
      auditPercent: 0,
      lossDelaySeconds: 0,
      safeDelaySeconds: 0,
      jobsEnabled: false,
      backfillDays: 30,
    });
  });

  it('takes one retention without the other', () => {
    expect(resolveOptions({ rawRetentionDays: { usageLogs: 30 } }).rawRetentionDays).toEqual({
      usageLogs: 30,
    });
  });

  it('takes the names of ready-made sets, and sets with their columns', () => {
    expect(resolveOptions().dimensions.map(({ name }) => name)).toEqual(['model', 'account']);
    expect(resolveOptions({ dimensions: [] }).dimensions).toEqual([]);
    const region = {
      name: 'region',
      usageColumn: 'Region',
      errorColumn: 'region',
      label: { table: 'regions' },
    };
    const { dimensions } = resolveOptions({ dimensions: ['api_key', { ...region, maxKeys: 5 }] });
    expect(dimensions).toEqual([
      {
        name: 'api_key',
        usageColumn: 'api_key_id',
        errorColumn: 'api_key_id',
        label: { table: 'api_keys', idColumn: 'id', labelColumn: 'name' },
        withinGroups: false,
        maxKeys: 200,
      },
      {
        ...region,
        label: { table: 'regions', idColumn: 'id', labelColumn: 'name' },
        withinGroups: false,
        maxKeys: 5,
      },
    ]);
    expect(Object.isFrozen(dimensions) && dimensions.every(Object.isFrozen)).toBe(true);
  });

  const own = { name: 'own', usageColumn: 'own', errorColumn: 'own' };
  it.each([
    ['dimensions', 'model'],
    ['dimensions.0', ['Model']],
    ['dimensions.0', [null]],
    ['dimensions.1.usageColumn', ['model', { ...own, usageColumn: 'two words' }]],
    ['dimensions.0.name', [{ ...own, name: 'Own' }]],
    ['dimensions.0.name', [{ ...own, name: 'platform' }]],
    ['dimensions.0.name', [{ ...own, name: 'error' }]],
    ['dimensions.0.usageColumn', [{ ...own, usageColumn: 'two words' }]],
    ['dimensions.0.errorColumn', [{ ...own, errorColumn: 'a"b' }]],
    ['dimensions.0.maxKeys', [{ ...own, maxKeys: 0 }]],
    ['dimensions.0.maxKeys', [{ ...own, maxKeys: 5_001 }]],
    ['dimensions.0', [{ ...own, withinGroups: 'yes' }]],
    ['dimensions.0.colour', [{ ...own, colour: 'red' }]],
    ['dimensions', [own, own]],
    ['dimensions', ['model', { ...own, name: 'model' }]],
  ])('refuses %s: %j', (field, dimensions) => {
    expect(refusal({ dimensions }).problems.map((problem) => problem.field)).toEqual([field]);
  });

  const objectives = {
    sla: { degraded: 0.99, critical: 0.95 },
    upstreamErrorRate: { degraded: 0.05, critical: 0.2 },
    slowdown: { degraded: 1.5, critical: 3 },
    durationP95Ms: null,
    ttftP95Ms: null,
    fewestRequests: 50,
    fewestSamples: 200,
  };
  it.each([
    [undefined, {}],
    [{}, {}],
    [{ sla: { degraded: 0.999 } }, { sla: { degraded: 0.999, critical: 0.95 } }],
    [{ sla: undefined, slowdown: { critical: 2 } }, { slowdown: { degraded: 1.5, critical: 2 } }],
    [
      { ttftP95Ms: { degraded: 2_000, critical: 8_000 } },
      { ttftP95Ms: { degraded: 2_000, critical: 8_000 } },
    ],
    [{ durationP95Ms: null, fewestRequests: 0 }, { fewestRequests: 0 }],
  ])('judges by its own objectives where %j says no other', (given, changed) => {
    const resolved = resolveOptions({ objectives: given }).objectives;
    expect(resolved).toEqual({ ...objectives, ...changed });
    expect([Object.isFrozen(resolved), Object.isFrozen(resolved.sla)]).toEqual([true, true]);
  });

  it.each([
    ['objectives', null, 'must be an object'],
    ['objectives', [], 'must be an object'],
    ['objectives.apdex', { apdex: 1 }, 'is not known'],
    ['objectives.sla', { sla: 0.99 }, 'must be an object'],
    ['objectives.sla', { sla: null }, 'must be an object'],
    ['objectives.sla.warning', { sla: { warning: 0.9 } }, 'is not known'],
    ['objectives.sla.degraded', { sla: { degraded: 99 } }, 'must be at most 1'],
    ['objectives.sla.critical', { sla: { critical: -0.1 } }, 'must be at least 0'],
    ['objectives.sla.critical', { sla: { critical: '95' } }, 'must be a number'],
    ['objectives.sla.critical', { sla: { degraded: 0.9 } }, 'must be lower than degraded, which is 0.9'],
    [
      'objectives.upstreamErrorRate.critical',
      { upstreamErrorRate: { degraded: 0.2 } },
      'must be higher than degraded, which is 0.2',
    ],
    ['objectives.slowdown.degraded', { slowdown: { degraded: 0.5 } }, 'must be at least 1'],
    ['objectives.durationP95Ms.critical', { durationP95Ms: { degraded: 100 } }, 'must be a number'],
    [
      'objectives.ttftP95Ms.critical',
      { ttftP95Ms: { degraded: 100, critical: 100 } },
      'must be higher than degraded, which is 100',
    ],
    ['objectives.ttftP95Ms.degraded', { ttftP95Ms: { degraded: 0, critical: 100 } }, 'must be at least 1'],
    ['objectives.fewestRequests', { fewestRequests: -1 }, 'must be at least 0'],
    ['objectives.fewestSamples', { fewestSamples: 1.5 }, 'must be a whole number'],
  ])('refuses %s: %j', (field, given, expected) => {
    expect(refusal({ objectives: given }).problems).toEqual([{ field, expected }]);
  });

  it('shares nothing between two calls, nor with its caller, and cannot be changed', () => {
    const given = { rawRetentionDays: { usageLogs: 30 } };
    const options = resolveOptions(given);
    expect(resolveOptions().rawRetentionDays).not.toBe(resolveOptions().rawRetentionDays);
    expect(options.rawRetentionDays).not.toBe(given.rawRetentionDays);
    expect([Object.isFrozen(options), Object.isFrozen(options.rawRetentionDays)]).toEqual([true, true]);
    expect(Object.getPrototypeOf(options)).toBe(Object.prototype);
  });

  it.each([
    ['auditPercent', { auditPercent: -1 }],
    ['auditPercent', { auditPercent: 1.5 }],
    ['auditPercent', { auditPercent: 101 }],
    ['auditPercent', { auditPercent: '2' }],
    ['auditIntervalSeconds', { auditIntervalSeconds: -1 }],
    ['lossDelaySeconds', { lossDelaySeconds: -1 }],
    ['overlapHours', { overlapHours: 2 }],
    ['backfillDays', { backfillDays: NaN }],
    ['backfillDays', { backfillDays: Infinity }],
    ['safeDelaySeconds', { safeDelaySeconds: 86_401 }],
    ['drainConcurrency', { drainConcurrency: 0 }],
    ['statementTimeoutMs', { statementTimeoutMs: 0 }],
    ['lockTimeoutMs', { lockTimeoutMs: 0 }],
    ['maxConcurrentReads', { maxConcurrentReads: 0 }],
    ['readTimeoutMs', { readTimeoutMs: 99 }],
    ['retryBaseSeconds', { retryBaseSeconds: 0 }],
    ['retryMaxSeconds', { retryMaxSeconds: 0 }],
    ['maxRebuildDays', { maxRebuildDays: 0 }],
    ['rawRetentionDays.usageLogs', { rawRetentionDays: { usageLogs: 0 } }],
    ['rawRetentionDays.errorLogs', { rawRetentionDays: { errorLogs: 'x' } }],
    ['rawRetentionDays.usage', { rawRetentionDays: { usage: 3 } }],
    ['rawRetentionDays', { rawRetentionDays: 30 }],
    ['rawRetentionDays', { rawRetentionDays: null }],
    ['distributions', { distributions: 'yes' }],
    ['jobsEnabled', { jobsEnabled: 'true' }],
    ['refreshCron', { refreshCron: 'hourly' }],
    ['maintenanceCron', { maintenanceCron: '' }],
    ['maintenanceCron', { maintenanceCron: 7 }],
    ['auditPercents', { auditPercents: 2 }],
    ['hourlyCron', { hourlyCron: '*/10 * * * *' }],
    ['dailyCron', { dailyCron: '7 * * * *' }],
    ['schema', { schema: 'a b' }],
    ['usageFilter', { usageFilter: '' }],
    ['statementTimeoutMs', { statementTimeoutMs: 2 ** 31 }],
    ['hourlyRetentionDays', { hourlyRetentionDays: 2 ** 31 }],
  ])('refuses a wrong %s: %j', (field, options) => {
    const error = refusal(options);
    expect(error.problems.map((problem) => problem.field)).toContain(field);
    expect(error.message).toContain(field);
  });

  it('names all that is wrong at once', () => {
    const { message, problems } = refusal({
      auditPercent: 'x',
      refreshCron: 'x',
      typo: 1,
      hourlyRetentionDays: 30,
      dailyRetentionDays: 29,
    });
    expect(message).toMatch(/^OpsModule: auditPercent must be a number; /);
    expect(new Set(problems.map(({ field }) => field))).toEqual(
      new Set(['auditPercent', 'refreshCron', 'typo', 'dailyRetentionDays']),
    );
  });
});
