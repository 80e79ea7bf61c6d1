import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { OpsErrorLog, UsageLog } from '../../src/gateway/entities/index.js';
import { RawLogService } from '../../src/gateway/raw-log.service.js';
import type { NewErrorLog, NewUsageLog } from '../../src/gateway/raw-log.types.js';
import { generateTraffic } from '../../src/gateway/sample-traffic/generate-traffic.js';
import { writeSampleTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';
import { DatabaseScene } from '../support/database-scene.js';

const scene = new DatabaseScene('raw_log');
let service: RawLogService;

const bare: NewUsageLog = { userId: '1', apiKeyId: '2', accountId: '3', model: 'gpt-4.1' };
const bareError: NewErrorLog = { errorPhase: 'auth', errorType: 'authentication_error' };

async function select<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return scene.query<Row>(sql, values);
}

async function count(table: 'usage_logs' | 'ops_error_logs' | 'groups'): Promise<number> {
  const [row] = await select<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n ?? NaN;
}

beforeAll(() => {
  service = new RawLogService(scene.dataSource);
});

beforeEach(async () => {
  await scene.query('TRUNCATE usage_logs, ops_error_logs, groups RESTART IDENTITY');
});

describe('writeUsage and writeErrors', () => {
  test('store every value, to the microsecond and the last digit', async () => {
    const groupId = (await service.ensureGroups([{ name: 'a', platform: 'openai' }])).get('a') ?? null;
    const row: Required<NewUsageLog> = {
      userId: '9007199254740993',
      apiKeyId: '2',
      accountId: '3',
      requestId: `it's "quoted", {braced} \\ and NULL`,
      model: 'NULL',
      groupId,
      inputTokens: 1,
      outputTokens: 2,
      cacheCreationTokens: 3,
      cacheReadTokens: 2_147_483_647,
      totalCost: '1234567890.0123456789',
      actualCost: '0.0000000001',
      stream: true,
      durationMs: 900,
      firstTokenMs: 80,
      createdAt: '2026-03-02T10:59:59.999999Z',
    };
    await service.writeUsage([row]);
    const stored = await scene.dataSource.getRepository(UsageLog).findOneOrFail({
      where: { userId: row.userId },
      relations: { group: true },
    });
    const { id, group, createdAt, ...values } = stored;
    const { createdAt: written, ...expected } = row;
    expect(values).toEqual(expected);
    expect(id).toBe('1');
    expect(group).toMatchObject({ id: groupId, name: 'a', platform: 'openai' });
    expect(createdAt).toEqual(new Date('2026-03-02T10:59:59.999Z'));
    const [exact] = await select<{ at: string }>(
      `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at FROM usage_logs`,
    );
    expect(exact?.at).toBe(written);
  });

  test('take the defaults of the columns for what is left out', async () => {
    await scene.dataSource.transaction(async (manager) => {
      await service.writeUsage([bare], manager);
      await service.writeErrors([bareError], manager);
      const [same] = await manager.query<{ usage: boolean; error: boolean }[]>(
        `SELECT (SELECT created_at FROM usage_logs) = now() AS usage,
                (SELECT created_at FROM ops_error_logs) = now() AS error`,
      );
      expect(same).toEqual({ usage: true, error: true });
    });
    const [usage] = await scene.dataSource.getRepository(UsageLog).find();
    expect(usage).toMatchObject({
      ...{ requestId: null, groupId: null, stream: false, durationMs: null, firstTokenMs: null },
      ...{ inputTokens: 0, outputTokens: 0, cacheCreationTokens: 0, cacheReadTokens: 0 },
      ...{ totalCost: '0.0000000000', actualCost: '0.0000000000' },
    });
    const [error] = await scene.dataSource.getRepository(OpsErrorLog).find();
    expect(error).toMatchObject({
      ...{ requestId: null, userId: null, apiKeyId: null, accountId: null, groupId: null, platform: null },
      ...{ model: null, severity: 'P2', statusCode: null, upstreamStatusCode: null, errorOwner: null },
      ...{ isBusinessLimited: false, errorMessage: null },
    });
  });

  test('write several batches, ids without a gap in the order of the rows', async () => {
    await service.writeUsage(Array.from({ length: 12_001 }, (_, i) => ({ ...bare, userId: String(i + 1) })));
    const [row] = await select<{ n: number; ordered: boolean }>(
      'SELECT count(*)::int AS n, bool_and(id = user_id) AS ordered FROM usage_logs',
    );
    expect(row).toEqual({ n: 12_001, ordered: true });
  });

  test('inside a transaction that is rolled back leave nothing', async () => {
    const failure = new Error('rolled back');
    const attempt = scene.dataSource.transaction(async (manager) => {
      await service.ensureGroups([{ name: 'gone', platform: 'openai' }], manager);
      await service.writeUsage([bare], manager);
      await service.writeErrors([bareError], manager);
      throw failure;
    });
    await expect(attempt).rejects.toBe(failure);
    expect(await Promise.all([count('usage_logs'), count('ops_error_logs'), count('groups')])).toEqual([
      0, 0, 0,
    ]);
  });

  test('a group that does not exist is refused for usage and taken for errors', async () => {
    const failure = await service.writeUsage([{ ...bare, groupId: '404' }]).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(QueryFailedError);
    expect(failure).toMatchObject({ driverError: { code: '23503', constraint: 'fk_usage_logs_group_id' } });
    await service.writeErrors([{ ...bareError, groupId: '404', platform: 'openai' }]);
    expect(await count('ops_error_logs')).toBe(1);
  });
});

describe('ensureGroups', () => {
  test('creates what is missing, keeps ids, sets the platform', async () => {
    const first = await service.ensureGroups([{ name: 'a', platform: 'openai' }]);
    const second = await service.ensureGroups([
      { name: 'b', platform: 'gemini' },
      { name: 'a', platform: 'azure' },
    ]);
    expect(second.get('a')).toBe(first.get('a'));
    expect(second.size).toBe(2);
    expect(await select('SELECT name, platform FROM groups ORDER BY name')).toEqual([
      { name: 'a', platform: 'azure' },
      { name: 'b', platform: 'gemini' },
    ]);
  });

  test('callers at the same time, in opposite orders, get the same ids', async () => {
    const names = Array.from({ length: 200 }, (_, index) => ({ name: `g${index}`, platform: 'openai' }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, index) =>
        service.ensureGroups(index % 2 === 0 ? names : names.toReversed()),
      ),
    );
    const sorted = answers.map((ids) => [...ids].toSorted());
    expect(sorted.every((ids) => JSON.stringify(ids) === JSON.stringify(sorted[0]))).toBe(true);
    expect(await count('groups')).toBe(200);
  });
});

describe('writeSampleTraffic', () => {
  test('stores exactly the rows of the generator', async () => {
    const plan = {
      from: new Date('2026-03-02T00:00:00Z'),
      to: new Date('2026-03-04T00:00:00Z'),
      rows: 17_000,
      seed: 11,
    };
    const written = await writeSampleTraffic({ ...plan, rawLogs: service });
    const expected = { usage: 0, durations: 0, errors: 0, statuses: 0 };
    for (const { usage, errors } of generateTraffic({ ...plan, groups: written.groups })) {
      expected.usage += usage.length;
      expected.errors += errors.length;
      for (const row of usage) expected.durations += row.durationMs ?? 0;
      for (const row of errors) expected.statuses += row.statusCode ?? 0;
    }
    const [stored] = await select(
      `SELECT u.*, e.*
       FROM (SELECT count(*)::int AS usage, sum(duration_ms)::int AS durations FROM usage_logs
             WHERE created_at >= $1 AND created_at < $2) u,
            (SELECT count(*)::int AS errors, sum(status_code)::int AS statuses FROM ops_error_logs
             WHERE created_at >= $1 AND created_at < $2) e`,
      [plan.from.toISOString(), plan.to.toISOString()],
    );
    expect(stored).toEqual(expected);
    expect(written).toMatchObject({ usageRows: plan.rows, errorRows: expected.errors });
    expect(await count('groups')).toBe(40);
  });
});

test('the entities describe the tables as they are', async () => {
  const { upQueries } = await scene.dataSource.driver.createSchemaBuilder().log();
  const raw = upQueries.filter(({ query }) => /"(usage_logs|ops_error_logs|groups)"/.test(query));
  expect(raw.map(({ query }) => query)).toEqual([]);
});
