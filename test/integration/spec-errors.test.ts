import { describe, expect, it } from '@jest/globals';
import type { RawError } from '../support/oracle/types.js';
import { failure, levelsOf, rowAt, SpecScene, usage } from '../support/spec-scene.js';

const counts = (total: bigint, limited: bigint, sla: bigint) => ({
  error_count_total: total,
  business_limited_count: limited,
  error_count_sla: sla,
});
const upstream = (other: bigint, is429: bigint, is529: bigint) => ({
  upstream_error_count_excl_429_529: other,
  upstream_429_count: is429,
  upstream_529_count: is529,
});

describe('errors of ops_metrics_hourly, line by line', () => {
  const scene = new SpecScene('spec_errors');

  it.each<[string, Partial<RawError>, ReturnType<typeof counts>]>([
    ['status 400', { statusCode: 400 }, counts(1n, 0n, 1n)],
    ['status 399', { statusCode: 399 }, counts(0n, 0n, 0n)],
    ['status 599', { statusCode: 599 }, counts(1n, 0n, 1n)],
    ['no status', { statusCode: null }, counts(0n, 0n, 0n)],
    [
      'no status, though the provider failed',
      { statusCode: null, upstreamStatusCode: 500 },
      counts(0n, 0n, 0n),
    ],
    ['a business limit', { statusCode: 429, isBusinessLimited: true }, counts(1n, 1n, 0n)],
    ['a business limit that was recovered', { statusCode: 200, isBusinessLimited: true }, counts(0n, 0n, 0n)],
  ])('client’s side: %s', async (_what, over, expected) => {
    const rows = await scene.hourly({ errors: [failure(over)] });
    for (const level of ['-/-', 'openai/-', 'openai/1']) expect(rowAt(rows, level)).toMatchObject(expected);
  });

  const provider = { errorOwner: 'provider' };
  it.each<[string, Partial<RawError>, ReturnType<typeof upstream>]>([
    ['429 of the provider', { ...provider, upstreamStatusCode: 429 }, upstream(0n, 1n, 0n)],
    ['529 of the provider', { ...provider, upstreamStatusCode: 529 }, upstream(0n, 0n, 1n)],
    ['another status of the provider', { ...provider, upstreamStatusCode: 503 }, upstream(1n, 0n, 0n)],
    [
      'the client’s status where the provider’s is missing',
      { ...provider, statusCode: 529 },
      upstream(0n, 0n, 1n),
    ],
    [
      'the provider’s status before the client’s',
      { ...provider, statusCode: 429, upstreamStatusCode: 500 },
      upstream(1n, 0n, 0n),
    ],
    [
      'a status of 0 of the provider',
      { ...provider, statusCode: 429, upstreamStatusCode: 0 },
      upstream(1n, 0n, 0n),
    ],
    ['no status at all', { ...provider, statusCode: null }, upstream(1n, 0n, 0n)],
    [
      'a retry that hid it from the client',
      { ...provider, statusCode: 200, upstreamStatusCode: 429 },
      upstream(0n, 1n, 0n),
    ],
    ['a status below 400', { ...provider, statusCode: 200 }, upstream(1n, 0n, 0n)],
    [
      'a business limit',
      { ...provider, upstreamStatusCode: 429, isBusinessLimited: true },
      upstream(0n, 0n, 0n),
    ],
    ['the client’s own error', { errorOwner: 'client', upstreamStatusCode: 429 }, upstream(0n, 0n, 0n)],
    ['the platform’s error', { errorOwner: 'platform', upstreamStatusCode: 500 }, upstream(0n, 0n, 0n)],
    ['no owner', { errorOwner: null, upstreamStatusCode: 529 }, upstream(0n, 0n, 0n)],
    ['an owner in other letters', { errorOwner: 'Provider', upstreamStatusCode: 529 }, upstream(0n, 0n, 0n)],
  ])('provider’s side: %s', async (_what, over, expected) => {
    const rows = await scene.hourly({ errors: [failure(over)] });
    for (const level of ['-/-', 'openai/-', 'openai/1']) expect(rowAt(rows, level)).toMatchObject(expected);
  });

  it('adds up', async () => {
    const rows = await scene.hourly({
      errors: [
        failure(),
        failure({ statusCode: 429, isBusinessLimited: true }),
        failure({ ...provider, groupId: 2, upstreamStatusCode: 429 }),
      ],
    });
    expect(rowAt(rows, '-/-')).toMatchObject({ ...counts(3n, 1n, 2n), ...upstream(0n, 1n, 0n) });
    expect(rowAt(rows, 'openai/1')).toMatchObject(counts(2n, 1n, 1n));
  });

  it.each<[string, Partial<RawError>, string[]]>([
    ['no group: overall and platform only', { groupId: null }, ['-/-', 'openai/-']],
    ['group 0: the same as none', { groupId: 0 }, ['-/-', 'openai/-']],
    ['a group that does not exist counts all the same', { groupId: 99 }, ['-/-', 'openai/-', 'openai/99']],
    ['no platform: "unknown"', { platform: null, groupId: null }, ['-/-', 'unknown/-']],
    ['no platform, with a group', { platform: null }, ['-/-', 'unknown/-', 'unknown/1']],
    ['no platform, group 0', { platform: null, groupId: 0 }, ['-/-', 'unknown/-']],
    ['platform "": overall only', { platform: '' }, ['-/-']],
    ['platform "" without a group', { platform: '', groupId: null }, ['-/-']],
    ['its own platform, not its group’s', { platform: 'anthropic' }, ['-/-', 'anthropic/-', 'anthropic/1']],
  ])('levels: %s', async (_what, over, levels) => {
    const rows = await scene.hourly({ errors: [failure(over)] });
    expect(levelsOf(rows)).toEqual(levels);
    expect(rows.map((row) => row.error_count_total)).toEqual(levels.map(() => 1n));
  });

  it('rows without a platform never collide with the overall row', async () => {
    const rows = await scene.hourly({
      errors: [
        failure({ platform: null, groupId: null }),
        failure({ platform: '', groupId: null }),
        failure(),
      ],
      usage: [usage({ groupId: 4 })],
    });
    expect(levelsOf(rows)).toEqual(['-/-', 'openai/-', 'openai/1', 'unknown/-']);
    expect(rowAt(rows, '-/-')).toMatchObject({ success_count: 1n, error_count_total: 3n });
  });

  it('"unknown" given as a platform and a missing one are one', async () => {
    const rows = await scene.hourly({
      errors: [failure({ platform: null }), failure({ platform: 'unknown' })],
    });
    expect(rowAt(rows, 'unknown/1').error_count_total).toBe(2n);
  });

  it('an error whose platform is not its group’s stands beside the group’s successes', async () => {
    const rows = await scene.hourly({ usage: [usage()], errors: [failure({ platform: 'anthropic' })] });
    expect(rowAt(rows, 'openai/1')).toMatchObject({ success_count: 1n, error_count_total: 0n });
    expect(rowAt(rows, 'anthropic/1')).toMatchObject({ success_count: 0n, error_count_total: 1n });
    expect(rowAt(rows, '-/-')).toMatchObject({ success_count: 1n, error_count_total: 1n });
  });

  it('takes errors from the start of the hour on and before its end', async () => {
    const rows = await scene.hourly({
      errors: ['04:59:59.999999', '05:00:00', '05:59:59.999999', '06:00:00'].map((time) =>
        failure({ createdAt: `2026-03-01T${time}Z` }),
      ),
    });
    const overall = rows.filter((row) => row.platform === null);
    expect(overall.map((row) => row.error_count_total)).toEqual([1n, 2n, 1n]);
  });
});
