import { describe, expect, jest, test } from '@jest/globals';
import type { DataSource, EntityManager } from 'typeorm';
import { RawLogService } from '../../src/gateway/raw-log.service.js';
import type { NewErrorLog, NewUsageLog } from '../../src/gateway/raw-log.types.js';

type Query = (text: string, values: unknown[][]) => Promise<unknown[]>;

function setUp(answer: unknown[] = []) {
  const query = jest.fn<Query>().mockResolvedValue(answer);
  return { query, service: new RawLogService({ query } as unknown as DataSource) };
}

const usage = (index: number): NewUsageLog => ({
  userId: String(index),
  apiKeyId: '2',
  accountId: '9007199254740993',
  model: `it's "quoted", {braced} \\ and NULL`,
});

const error: NewErrorLog = { errorPhase: 'auth', errorType: 'authentication_error' };

describe('RawLogService', () => {
  test('runs no query for nothing', async () => {
    const { query, service } = setUp();
    await service.writeUsage([]);
    await service.writeErrors([]);
    await expect(service.ensureGroups([])).resolves.toEqual(new Map());
    expect(query).not.toHaveBeenCalled();
  });

  test('writes batches of 5,000, one INSERT each, in the order given', async () => {
    const { query, service } = setUp();
    await service.writeUsage(Array.from({ length: 12_345 }, (_, index) => usage(index)));
    expect(query.mock.calls.map(([, values]) => values[0]?.length)).toEqual([5_000, 5_000, 2_345]);
    expect(query.mock.calls.map(([, values]) => values[0]?.[0])).toEqual(['0', '5000', '10000']);
    expect(new Set(query.mock.calls.map(([text]) => text)).size).toBe(1);
  });

  test('one row more or less than a batch', async () => {
    for (const [rows, batches] of [
      [4_999, [4_999]],
      [5_000, [5_000]],
      [5_001, [5_000, 1]],
    ] as const) {
      const { query, service } = setUp();
      await service.writeErrors(Array<NewErrorLog>(rows).fill(error));
      expect(query.mock.calls.map(([, values]) => values[0]?.length)).toEqual(batches);
    }
  });

  test('binds every value in an array of its column and leaves the id to the INSERT', async () => {
    const { query, service } = setUp();
    await service.writeUsage([{ ...usage(1), createdAt: '2026-03-02T10:00:00.123456Z' }, usage(2)]);
    const [text, values] = query.mock.calls[0] ?? ['', []];
    const columns = (/\(([^)]*)\)/.exec(text)?.[1] ?? '').split(', ');
    expect(columns).toHaveLength(16);
    expect(columns).not.toContain('id');
    expect(values).toHaveLength(16);
    expect(values.every((array) => array.length === 2)).toBe(true);
    expect(values[columns.indexOf('account_id')]).toEqual(['9007199254740993', '9007199254740993']);
    expect(values[columns.indexOf('created_at')]).toEqual(['2026-03-02T10:00:00.123456Z', null]);
    expect(text).not.toContain('quoted');
    expect(text).not.toContain('2026');
  });

  test('binds as many arrays as an error row has columns', async () => {
    const { query, service } = setUp();
    await service.writeErrors([error]);
    const [text, values] = query.mock.calls[0] ?? ['', []];
    expect(text).toMatch(/^INSERT INTO ops_error_logs \(/);
    expect((/\(([^)]*)\)/.exec(text)?.[1] ?? '').split(', ')).toHaveLength(values.length);
    expect(text).toContain(`$${values.length}::`);
    expect(text).not.toContain(`$${values.length + 1}`);
  });

  test('writes through the EntityManager it is given', async () => {
    const { query, service } = setUp();
    const managed = jest.fn<Query>().mockResolvedValue([{ id: '7', name: 'a' }]);
    const manager = { query: managed } as unknown as EntityManager;
    await service.writeUsage([usage(1)], manager);
    await service.writeErrors([error], manager);
    await service.ensureGroups([{ name: 'a', platform: 'openai' }], manager);
    expect(managed).toHaveBeenCalledTimes(3);
    expect(query).not.toHaveBeenCalled();
  });

  test('passes an error on and writes no further batch', async () => {
    const { query, service } = setUp();
    const failure = new Error('connection lost');
    query.mockResolvedValueOnce([]).mockRejectedValueOnce(failure);
    await expect(service.writeUsage(Array.from({ length: 20_000 }, (_, i) => usage(i)))).rejects.toBe(
      failure,
    );
    expect(query).toHaveBeenCalledTimes(2);
  });

  test('ensureGroups takes a name given twice once and returns the ids by name', async () => {
    const { query, service } = setUp([
      { id: '11', name: 'a' },
      { id: '9007199254740993', name: 'b' },
    ]);
    const ids = await service.ensureGroups([
      { name: 'a', platform: 'openai' },
      { name: 'b', platform: 'gemini' },
      { name: 'a', platform: 'azure' },
    ]);
    expect(query.mock.calls[0]?.[1]).toEqual([
      ['a', 'b'],
      ['azure', 'gemini'],
    ]);
    expect(ids).toEqual(
      new Map([
        ['a', '11'],
        ['b', '9007199254740993'],
      ]),
    );
  });
});
