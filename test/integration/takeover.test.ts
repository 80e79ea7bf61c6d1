import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { dumpTables, type TableState } from '../support/catalog.js';
import { runCommand } from '../support/command.js';
import * as foreign from '../support/foreign-schema.js';
import { diffRows } from '../support/oracle/compare.js';
import { computeDaily } from '../support/oracle/daily.js';
import { computeHourly } from '../support/oracle/hourly.js';
import { readDaily, readHourly, readRaw } from '../support/raw-rows.js';
import { RollupScene } from '../support/rollup-scene.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

const FROM = new Date('2026-03-01T00:00:00Z');
const TO = new Date('2026-03-02T00:00:00Z');

describe('a database prepared by another program', () => {
  const scene = new RollupScene('takeover', { create: () => createUnmigratedDatabase('takeover') });
  let dataSource: DataSource;
  let before: Record<string, TableState>;
  const ops = (...args: string[]) => runCommand(scene.url, args);

  beforeAll(async () => {
    ({ dataSource } = scene);
    await foreign.createForeignRaw(dataSource);
    await foreign.createForeignMetrics(dataSource);
    await dataSource.query(foreign.FOREIGN_HEARTBEATS);
    await foreign.fillForeignRaw(dataSource);
    await foreign.fillForeignMetrics(dataSource);
    // Nobody looks after this day: what stands there stays.
    await dataSource.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, success_count) VALUES ('2025-12-31T00:00:00Z', 11)`,
    );
    before = await dumpTables(dataSource, foreign.FOREIGN_RAW_TABLES);
  });

  it('has exactly the right numbers after migrate and rebuild, and its own data untouched', async () => {
    expect(await ops('migrate')).toMatchObject({ code: 0, stderr: '' });
    const rebuilt = await ops('rebuild', '--from', FROM.toISOString(), '--to', TO.toISOString(), '--force');
    expect(rebuilt.code).toBe(0);
    // What the tables of the other program do not have is said, once each, and nothing else.
    expect(
      rebuilt.stderr
        .trim()
        .split('\n')
        .map((line) => line.replace(/^.*\] /, '')),
    ).toEqual([
      expect.stringMatching(/^Requests are not sliced by model: /),
      expect.stringMatching(/^Requests are not sliced by account: /),
      expect.stringMatching(/^No actual_cost is kept: /),
    ]);

    const raw = await readRaw(dataSource);
    expect([raw.groups.length, raw.usage.length, raw.errors.length]).toEqual([3, 80, 30]);
    const hourly = computeHourly(raw.groups, raw.usage, raw.errors, FROM, TO).map((row) => ({
      ...row,
      // Not kept by that program.
      actual_cost: row.success_count > 0n ? null : row.actual_cost,
    }));
    const stored = await readHourly(dataSource);
    expect(
      diffRows(
        hourly,
        stored.filter((row) => row.bucket_start >= '2026'),
      ),
    ).toEqual([]);
    const daily = (await readDaily(dataSource)).filter((row) => row.bucket_date >= '2026');
    expect(diffRows(computeDaily(hourly, FROM, TO), daily)).toEqual([]);
    expect(stored.filter((row) => row.bucket_start < '2026').map((row) => row.success_count)).toEqual([11n]);

    expect(await dumpTables(dataSource, foreign.FOREIGN_RAW_TABLES)).toEqual(before);
    const [kept] = await dataSource.query<unknown[]>(
      `SELECT last_run_at = '2026-01-01T00:00:00Z' AS kept FROM ops_job_heartbeats WHERE job_name = 'another_job'`,
    );
    expect(kept).toEqual({ kept: true });
  });

  it('gives everything back', async () => {
    expect(await ops('migrate', '--revert', '--all')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Reverted/),
    });
    expect(await dumpTables(dataSource, foreign.FOREIGN_RAW_TABLES)).toEqual(before);
    const { ops_metrics_hourly: hourly } = await dumpTables(dataSource, ['ops_metrics_hourly']);
    expect(hourly?.columns.join()).not.toMatch(/avg|max|definition|samples/);
    expect(hourly?.rows.length).toBeGreaterThan(50);
  });
});
