import { describe, expect, jest, test } from '@jest/globals';
import type { RawLogService } from '../../src/gateway/raw-log.service.js';
import type { NewGroup, NewUsageLog } from '../../src/gateway/raw-log.types.js';
import { writeSampleTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';

const plan = {
  from: new Date('2026-03-02T00:00:00Z'),
  to: new Date('2026-03-03T00:00:00Z'),
  rows: 52_000,
  seed: 3,
};

function setUp() {
  const write = jest.fn<(rows: readonly unknown[]) => Promise<void>>().mockResolvedValue(undefined);
  const ensureGroups = async (groups: readonly NewGroup[]): Promise<Map<string, string>> =>
    Promise.resolve(new Map(groups.map((group, index) => [group.name, String(500 + index)])));
  const writeUsage = jest.fn<(rows: readonly NewUsageLog[]) => Promise<void>>(write);
  const writeErrors = jest.fn<(rows: readonly unknown[]) => Promise<void>>().mockResolvedValue(undefined);
  const rawLogs = { ensureGroups, writeUsage, writeErrors } as unknown as RawLogService;
  return { rawLogs, writeUsage, writeErrors };
}

describe('writeSampleTraffic', () => {
  test('writes every row once and reports what it wrote', async () => {
    const { rawLogs, writeUsage, writeErrors } = setUp();
    const onProgress = jest.fn();
    const result = await writeSampleTraffic({ ...plan, rawLogs, onProgress });
    const usage = writeUsage.mock.calls.flatMap(([rows]) => [...rows]);
    expect(usage).toHaveLength(plan.rows);
    expect(new Set(usage.map((row) => row.requestId)).size).toBe(plan.rows);
    expect(result.usageRows).toBe(plan.rows);
    expect(result.errorRows).toBe(writeErrors.mock.calls.flatMap(([rows]) => [...rows]).length);
    expect(onProgress).toHaveBeenCalledTimes(11);
    expect(onProgress).toHaveBeenLastCalledWith({ usageRows: plan.rows, errorRows: result.errorRows });
  });

  test('gives the rows the ids that the database gave the groups', async () => {
    const { rawLogs, writeUsage } = setUp();
    const { groups } = await writeSampleTraffic({ ...plan, rawLogs });
    const known = new Set(groups.map((group) => group.id));
    expect(known.size).toBe(40);
    const used = writeUsage.mock.calls.flatMap(([rows]) => rows.flatMap((row) => row.groupId ?? []));
    expect(used.every((id) => known.has(id))).toBe(true);
  });

  test('keeps few batches under way at once', async () => {
    const { rawLogs, writeUsage } = setUp();
    let current = 0;
    let most = 0;
    writeUsage.mockImplementation(async () => {
      most = Math.max(most, (current += 1));
      await new Promise(setImmediate);
      current -= 1;
    });
    await writeSampleTraffic({ ...plan, rawLogs });
    expect(most).toBe(3);
  });

  test('after a failed batch starts no other, waits for those under way, and throws', async () => {
    const { rawLogs, writeUsage } = setUp();
    const failure = new Error('disk full');
    const turn = (): Promise<void> => new Promise(setImmediate);
    let failed = false;
    let current = 0;
    writeUsage.mockImplementation(async () => {
      const second = writeUsage.mock.calls.length === 2;
      current += 1;
      // The others end only after the second has failed, and some turns later still.
      if (!second) while (!failed) await turn();
      for (let i = 0; i < 5; i += 1) await turn();
      current -= 1;
      if (!second) return;
      failed = true;
      throw failure;
    });
    await expect(writeSampleTraffic({ ...plan, rawLogs })).rejects.toBe(failure);
    expect(current).toBe(0);
    expect(writeUsage).toHaveBeenCalledTimes(3);
  });

  test('refuses a plan that makes no sense', async () => {
    const { rawLogs, writeUsage } = setUp();
    await expect(writeSampleTraffic({ ...plan, to: plan.from, rawLogs })).rejects.toThrow(RangeError);
    expect(writeUsage).not.toHaveBeenCalled();
  });
});
