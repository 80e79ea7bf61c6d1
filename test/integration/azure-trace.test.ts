import { describe, expect, it } from '@jest/globals';
import { hasAzureTrace, readAzureTrace } from '../support/azure-trace.js';
import { computeDaily } from '../support/oracle/daily.js';
import { computeHourly } from '../support/oracle/hourly.js';
import { RollupScene } from '../support/rollup-scene.js';

const FROM = new Date('2023-11-16T18:00:00Z');
const TO = new Date('2023-11-16T20:00:00Z');

const isPresent = hasAzureTrace();
const title = isPresent
  ? 'rollup of a real hour of LLM requests'
  : 'rollup of a real hour of LLM requests (skipped: ../shared/data/azure-llm-2023-conv.csv is not there)';

(isPresent ? describe : describe.skip)(title, () => {
  const scene = new RollupScene('azure_trace');

  it('equals the oracle', async () => {
    const raw = readAzureTrace();
    await scene.replaceRaw(raw);
    const hourly = computeHourly(raw.groups, raw.usage, raw.errors, FROM, TO);
    const daily = computeDaily(hourly, FROM, TO);
    expect(await scene.rollUp(FROM, TO)).toEqual([hourly.length, daily.length]);
    await scene.expectTables(hourly, daily);

    // 19,366 requests, every seventh without a group.
    const overall = hourly.filter((row) => row.platform === null);
    expect(overall.map((row) => row.bucket_start)).toEqual(['2023-11-16T18:00:00Z', '2023-11-16T19:00:00Z']);
    expect(overall.reduce((sum, row) => sum + row.success_count, 0n)).toBe(16_600n);
  });
});
