import { describe, expect, it } from '@jest/globals';
import {
  BreakdownQueryDto,
  LatencyDistributionQueryDto,
  ReadLevelDto,
  TrendQueryDto,
} from '../../src/ops/read/read-query.dto.js';
import { opsValidationPipe } from '../../src/ops/http/ops-validation.pipe.js';

const DAY = { from: '2025-03-09T00:00:00Z', to: '2025-03-10T00:00:00Z' };

const parsed = async (metatype: new () => object, query: object): Promise<unknown> =>
  opsValidationPipe().transform(query, { type: 'query', metatype });

describe('the parameters of the read endpoints', () => {
  it('become dates, numbers and defaults', async () => {
    const range = { from: new Date(DAY.from), to: new Date(DAY.to) };
    expect(await parsed(TrendQueryDto, DAY)).toEqual({ ...range, bucket: 'auto' });
    expect(await parsed(BreakdownQueryDto, { ...DAY, by: 'group', limit: '7' })).toEqual({
      ...range,
      by: 'group',
      limit: 7,
    });
    expect(await parsed(ReadLevelDto, { ...DAY, groupId: '-9223372036854775807' })).toEqual({
      ...range,
      groupId: '-9223372036854775807',
    });
  });

  it('may span a leap year, 24 hours of five minutes and 31 days of hours', async () => {
    const from = '2024-01-01T00:00Z';
    const accepted = [
      parsed(ReadLevelDto, { from, to: '2025-01-01T00:00Z' }),
      parsed(TrendQueryDto, { from, to: '2024-01-02T00:00Z', bucket: '5m' }),
      parsed(TrendQueryDto, { from, to: '2024-02-01T00:00Z', bucket: 'hour' }),
    ];
    await expect(Promise.all(accepted)).resolves.toHaveLength(3);
  });

  it.each([
    [ReadLevelDto, {}, 'from'],
    [ReadLevelDto, { ...DAY, from: '2025-03-09' }, 'from'],
    [ReadLevelDto, { ...DAY, from: '2025-03-09T00:00:00' }, 'from'],
    [ReadLevelDto, { ...DAY, from: '2025-02-30T00:00:00Z' }, 'from'],
    [ReadLevelDto, { ...DAY, from: '2025-03-09T00:00:30Z' }, 'from'],
    [ReadLevelDto, { ...DAY, from: '1999-12-31T23:59:00Z' }, 'from'],
    [ReadLevelDto, { ...DAY, to: 'tomorrow' }, 'to'],
    [ReadLevelDto, { ...DAY, to: DAY.from }, 'to'],
    [ReadLevelDto, { from: DAY.to, to: DAY.from }, 'to'],
    [ReadLevelDto, { ...DAY, to: '2026-03-10T00:01:00Z' }, 'to'],
    [ReadLevelDto, { ...DAY, platform: '' }, 'platform'],
    [ReadLevelDto, { ...DAY, platform: 'p'.repeat(33) }, 'platform'],
    [ReadLevelDto, { ...DAY, groupId: '0' }, 'groupId'],
    [ReadLevelDto, { ...DAY, groupId: '1.5' }, 'groupId'],
    [ReadLevelDto, { ...DAY, groupId: '9223372036854775808' }, 'groupId'],
    [ReadLevelDto, { ...DAY, group: '1' }, 'group'],
    [TrendQueryDto, { ...DAY, bucket: 'week' }, 'bucket'],
    [TrendQueryDto, { ...DAY, to: '2025-03-10T00:01:00Z', bucket: '5m' }, 'bucket'],
    [TrendQueryDto, { ...DAY, to: '2025-04-10T00:00:00Z', bucket: 'hour' }, 'bucket'],
    [BreakdownQueryDto, DAY, 'by'],
    [BreakdownQueryDto, { ...DAY, by: 'model' }, 'by'],
    [BreakdownQueryDto, { ...DAY, by: 'group', limit: '0' }, 'limit'],
    [BreakdownQueryDto, { ...DAY, by: 'group', limit: 'all' }, 'limit'],
    [BreakdownQueryDto, { ...DAY, by: 'group', platform: 'openai' }, 'platform'],
    [LatencyDistributionQueryDto, DAY, 'metric'],
    [LatencyDistributionQueryDto, { ...DAY, metric: 'tokens' }, 'metric'],
  ])('are refused by name: %p %j', async (metatype, query, field) => {
    await expect(parsed(metatype, query)).rejects.toMatchObject({
      name: 'OpsInputError',
      field,
      message: expect.stringMatching(`^${field} `) as unknown,
    });
  });
});
