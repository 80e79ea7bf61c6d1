import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { OpsJobs, resolveOptions, type RefreshService } from '../../src/ops/index.js';
import { noteProgress } from '../../src/ops/sql/progress.js';

const REFRESH = 'ops_rollup_refresh';
const MINUTE_MS = 60_000;

describe('OpsJobs with a run that gets no answer', () => {
  let dataSource: DataSource;
  let tick: jest.Mock<() => Promise<object>>;
  let jobs: OpsJobs;

  beforeEach(() => {
    jest.useFakeTimers();
    dataSource = {} as DataSource;
    jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    tick = jest.fn<() => Promise<object>>().mockReturnValue(new Promise(() => undefined));
    const refresh = { tick, stop: () => new Promise(() => undefined) } as unknown as RefreshService;
    jobs = new OpsJobs(resolveOptions({ statementTimeoutMs: MINUTE_MS }), refresh, dataSource);
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  const stuck = (): string[] =>
    jobs
      .runs()
      .filter((run) => run.stuck)
      .map(({ job }) => job);

  it('is told as stuck once a statement and a minute have passed, and not before', () => {
    void jobs.tick();
    jest.advanceTimersByTime(2 * MINUTE_MS);
    expect(stuck()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(stuck()).toEqual([REFRESH]);
    expect(jobs.runs().map(({ job, seconds }) => [job, seconds])).toEqual([
      [REFRESH, 120.001],
      ['ops_rollup_maintenance', 0],
    ]);
  });

  it('is not stuck as long as answers come, however long it takes', () => {
    void jobs.tick();
    for (let minute = 0; minute < 100; minute += 1) {
      jest.advanceTimersByTime(MINUTE_MS);
      noteProgress(dataSource);
    }
    expect(stuck()).toEqual([]);
  });

  it('blocks the next ticks until it is stuck, and then no more', async () => {
    void jobs.tick();
    await jobs.tick();
    expect(tick).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(3 * MINUTE_MS);
    tick.mockResolvedValue({});
    await jobs.tick();
    expect(tick).toHaveBeenCalledTimes(2);
    expect(stuck()).toEqual([]);
  });

  it('does not hold up a shutdown for ever', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    void jobs.tick();
    const stopped = jobs.stop();
    await jest.advanceTimersByTimeAsync(15_000);
    await expect(stopped).resolves.toBeUndefined();
  });
});
