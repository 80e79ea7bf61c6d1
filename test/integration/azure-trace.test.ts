import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasAzureTrace, readAzureTrace } from '../support/azure-trace.js';
import { diffRows } from '../support/oracle/compare.js';
import { computeDaily } from '../support/oracle/daily.js';
import { computeHourly } from '../support/oracle/hourly.js';
import { createOpsService } from '../support/ops-service.js';
import * as rows from '../support/raw-rows.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const FROM = new Date('2023-11-16T18:00:00Z');
const TO = new Date('2023-11-16T20:00:00Z');

const isPresent = hasAzureTrace();
const title = isPresent
  ? 'rollup of a real hour of LLM requests'
  : 'rollup of a real hour of LLM requests (skipped: ../shared/data/azure-llm-2023-conv.csv is not there)';

(isPresent ? describe : describe.skip)(title, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase('azure_trace');
  });
  afterAll(async () => {
    await database.drop();
  });

  it('equals the oracle', async () => {
    const { dataSource } = database;
    const { groups, usage, errors } = readAzureTrace();
    await rows.insertGroups(dataSource, groups);
    await rows.insertUsage(dataSource, usage);
    await rows.insertErrors(dataSource, errors);
    const hourly = computeHourly(groups, usage, errors, FROM, TO);
    const daily = computeDaily(hourly, FROM, TO);

    const service = createOpsService(dataSource);
    expect(await service.upsertHourlyMetrics(FROM, TO)).toBe(hourly.length);
    expect(await service.upsertDailyMetrics(FROM, TO)).toBe(daily.length);
    expect(diffRows(hourly, await rows.readHourly(dataSource))).toEqual([]);
    expect(diffRows(daily, await rows.readDaily(dataSource))).toEqual([]);

    // 19,366 requests, every seventh without a group.
    const overall = hourly.filter((row) => row.platform === null);
    expect(overall.map((row) => row.bucket_start)).toEqual(['2023-11-16T18:00:00Z', '2023-11-16T19:00:00Z']);
    expect(overall.reduce((sum, row) => sum + row.success_count, 0n)).toBe(16_600n);
  });
});
