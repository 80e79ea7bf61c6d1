import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { validated } from '../../src/ops/common/validated.js';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { resolveOptions } from '../../src/ops/options/ops.options.js';
import * as asked from '../../src/ops/read/read-query.schemas.js';
import { seriesQuerySchema } from '../../src/ops/read/series.schemas.js';
import { ReadService } from '../../src/ops/read/read.service.js';

const DAY = { from: '2025-03-09T00:00:00Z', to: '2025-03-10T00:00:00Z' };
const {
  levelQuerySchema,
  overviewQuerySchema,
  trendQuerySchema,
  breakdownQuerySchema,
  latencyDistributionQuerySchema,
} = asked;

const parsed = (schema: z.ZodType, query: object): unknown => validated(schema, query, 'query');

describe('the parameters of the read endpoints', () => {
  it('become dates, numbers and defaults', () => {
    const range = { from: new Date(DAY.from), to: new Date(DAY.to) };
    expect(parsed(trendQuerySchema, DAY)).toEqual({ ...range, bucket: 'auto' });
    expect(parsed(overviewQuerySchema, { ...DAY, slowerThanMs: '2147483647' })).toEqual({
      ...range,
      slowerThanMs: 2 ** 31 - 1,
    });
    expect(parsed(breakdownQuerySchema, { ...DAY, by: 'group', limit: '7' })).toEqual({
      ...range,
      by: 'group',
      limit: 7,
    });
    expect(parsed(levelQuerySchema, { ...DAY, groupId: '-9223372036854775807' })).toEqual({
      ...range,
      groupId: '-9223372036854775807',
    });
  });

  it('may be given several times, each value once, and one value stays by itself', () => {
    const groupIds = Array.from({ length: 100 }, (_, index) => String(index + 1));
    expect(
      parsed(levelQuerySchema, { ...DAY, platform: ['b', 'a', 'b'], groupId: ['7', '7'] }),
    ).toMatchObject({
      platform: ['b', 'a'],
      groupId: '7',
    });
    expect(parsed(levelQuerySchema, { ...DAY, groupId: [...groupIds, '1'] })).toMatchObject({
      groupId: groupIds,
    });
    // As Express's extended parser gives more than twenty.
    expect(
      parsed(levelQuerySchema, { ...DAY, groupId: Object.fromEntries(groupIds.entries()) }),
    ).toMatchObject({
      groupId: groupIds,
    });
    expect(
      parsed(seriesQuerySchema, { ...DAY, by: 'group', measures: ['sla', 'errorRate', 'sla'] }),
    ).toMatchObject({
      bucket: 'auto',
      limit: 5,
      measures: ['sla', 'errorRate'],
    });
  });

  it('may be dates already, and be given to the service without HTTP, which refuses them the same way', async () => {
    const range = { from: new Date(DAY.from), to: new Date(DAY.to) };
    expect(parsed(levelQuerySchema, range)).toEqual(range);
    const reads = new ReadService({ options: {} } as DataSource, OPS_TABLES, resolveOptions({}));
    const wrong = { ...range, to: new Date(NaN) };
    for (const answer of [
      reads.overview(wrong),
      reads.trend(wrong),
      reads.breakdown({ ...wrong, by: 'group' }),
      reads.series({ ...wrong, by: 'group', measures: 'sla' }),
      reads.latencyDistribution({ ...wrong, metric: 'ttft' }),
    ]) {
      await expect(answer).rejects.toMatchObject({ name: 'OpsInputError', field: 'to' });
    }
  });

  it.each([
    [levelQuerySchema, { from: '2024-01-01T00:00Z', to: '2025-01-01T00:00Z' }],
    [trendQuerySchema, { from: '2024-01-01T00:00Z', to: '2024-01-02T00:00Z', bucket: '5m' }],
    [trendQuerySchema, { from: '2024-01-01T00:00Z', to: '2024-01-02T00:00Z', bucket: '1m' }],
    [trendQuerySchema, { from: '2024-01-01T00:00Z', to: '2024-02-01T00:00Z', bucket: 'hour' }],
  ])('may span a leap year, 24 hours of one or five minutes and 31 days of hours', (schema, query) => {
    expect(() => parsed(schema, query)).not.toThrow();
  });

  it.each([
    [levelQuerySchema, {}, 'from'],
    [levelQuerySchema, { ...DAY, from: '2025-03-09' }, 'from'],
    [levelQuerySchema, { ...DAY, from: '2025-03-09T00:00:00' }, 'from'],
    [levelQuerySchema, { ...DAY, from: '2025-02-30T00:00:00Z' }, 'from'],
    [levelQuerySchema, { ...DAY, from: '2025-03-09T00:00:30Z' }, 'from'],
    [levelQuerySchema, { ...DAY, from: '1999-12-31T23:59:00Z' }, 'from'],
    [levelQuerySchema, { ...DAY, to: 'tomorrow' }, 'to'],
    [levelQuerySchema, { ...DAY, to: DAY.from }, 'to'],
    [levelQuerySchema, { from: DAY.to, to: DAY.from }, 'to'],
    [levelQuerySchema, { ...DAY, to: '2026-03-10T00:01:00Z' }, 'to'],
    [levelQuerySchema, { ...DAY, platform: '' }, 'platform'],
    [levelQuerySchema, { ...DAY, platform: 'p'.repeat(33) }, 'platform'],
    [levelQuerySchema, { ...DAY, groupId: '0' }, 'groupId'],
    [levelQuerySchema, { ...DAY, groupId: '1.5' }, 'groupId'],
    [levelQuerySchema, { ...DAY, groupId: '9223372036854775808' }, 'groupId'],
    [levelQuerySchema, { ...DAY, group: '1' }, 'group'],
    [levelQuerySchema, { ...DAY, from: [DAY.from, DAY.to] }, 'from'],
    [levelQuerySchema, { ...DAY, platform: [] }, 'platform'],
    [levelQuerySchema, { ...DAY, platform: ['openai', ''] }, 'platform'],
    [levelQuerySchema, { ...DAY, platform: { x: 'openai' } }, 'platform'],
    [levelQuerySchema, { ...DAY, groupId: ['1', '0'] }, 'groupId'],
    [levelQuerySchema, { ...DAY, groupId: Array.from({ length: 101 }, (_, i) => String(i + 1)) }, 'groupId'],
    [overviewQuerySchema, { ...DAY, dimension: ['model', 'account'], key: 'x' }, 'dimension'],
    [overviewQuerySchema, { ...DAY, dimension: 'model', key: ['x', 'y'.repeat(256)] }, 'key'],
    [seriesQuerySchema, { ...DAY, measures: 'sla' }, 'by'],
    [seriesQuerySchema, { ...DAY, by: 'error', measures: 'sla' }, 'by'],
    [seriesQuerySchema, { ...DAY, by: 'group' }, 'measures'],
    [seriesQuerySchema, { ...DAY, by: 'group', measures: ['sla', 'duration.max'] }, 'measures'],
    [seriesQuerySchema, { ...DAY, by: 'group', measures: 'sla', limit: '21' }, 'limit'],
    [seriesQuerySchema, { ...DAY, by: 'group', measures: 'sla', bucket: 'week' }, 'bucket'],
    [
      seriesQuerySchema,
      { ...DAY, to: '2025-03-10T00:01:00Z', by: 'group', measures: 'sla', bucket: '1m' },
      'bucket',
    ],
    [levelQuerySchema, { ...DAY, platform: 'open\0ai' }, 'platform'],
    [trendQuerySchema, { ...DAY, bucket: 'week' }, 'bucket'],
    [trendQuerySchema, { ...DAY, bucket: ['hour', 'day'] }, 'bucket'],
    [trendQuerySchema, { ...DAY, to: '2025-03-10T00:01:00Z', bucket: '5m' }, 'bucket'],
    [trendQuerySchema, { ...DAY, to: '2025-03-10T00:01:00Z', bucket: '1m' }, 'bucket'],
    [trendQuerySchema, { ...DAY, slowerThanMs: '0' }, 'slowerThanMs'],
    [overviewQuerySchema, { ...DAY, slowerThanMs: '' }, 'slowerThanMs'],
    [overviewQuerySchema, { ...DAY, slowerThanMs: '1.5' }, 'slowerThanMs'],
    [overviewQuerySchema, { ...DAY, slowerThanMs: '2147483648' }, 'slowerThanMs'],
    [overviewQuerySchema, { ...DAY, slowerThanMs: ['1', '2'] }, 'slowerThanMs'],
    [latencyDistributionQuerySchema, { ...DAY, metric: 'ttft', slowerThanMs: '1' }, 'slowerThanMs'],
    [trendQuerySchema, { ...DAY, to: '2025-04-10T00:00:00Z', bucket: 'hour' }, 'bucket'],
    [breakdownQuerySchema, DAY, 'by'],
    [breakdownQuerySchema, { ...DAY, by: '' }, 'by'],
    [breakdownQuerySchema, { ...DAY, by: ['model', 'user'] }, 'by'],
    [overviewQuerySchema, { ...DAY, dimension: 'model' }, 'key'],
    [trendQuerySchema, { ...DAY, key: 'gpt' }, 'dimension'],
    [latencyDistributionQuerySchema, { ...DAY, metric: 'ttft', dimension: 'model', key: 'g\0' }, 'key'],
    [breakdownQuerySchema, { ...DAY, by: 'group', limit: '0' }, 'limit'],
    [breakdownQuerySchema, { ...DAY, by: 'group', limit: 'all' }, 'limit'],
    [breakdownQuerySchema, { ...DAY, by: 'group', limit: ['1', '2'] }, 'limit'],
    [latencyDistributionQuerySchema, DAY, 'metric'],
    [latencyDistributionQuerySchema, { ...DAY, metric: 'tokens' }, 'metric'],
  ])('are refused by name: %#', (schema, query, field) => {
    expect(() => parsed(schema, query)).toThrow(
      expect.objectContaining({
        name: 'OpsInputError',
        field,
        message: expect.stringMatching(`^${field} must |^${field} is not known`) as unknown,
      }),
    );
  });
});
