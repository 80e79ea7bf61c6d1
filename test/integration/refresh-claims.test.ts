import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '../../src/ops/common/utc.js';
import { BucketRecomputer } from '../../src/ops/drain/bucket-recomputer.service.js';
import { OpsScene } from '../support/ops-scene.js';

const MINUTE_MS = 60_000;

/** What one statement recomputes. A statement writes all its hours at one moment. */
describe('hours of one statement', () => {
  const scene = new OpsScene('claims', { drainConcurrency: 1 });
  /** The midnight that began yesterday (UTC). */
  let yesterday: Date;
  const at = (days: number, hour: number): Date => new Date(+yesterday - days * DAY_MS + hour * HOUR_MS);

  beforeEach(async () => {
    yesterday = new Date(Math.floor(+(await scene.ago(0)) / DAY_MS) * DAY_MS - DAY_MS);
    // The purge edge lies far below.
    await scene.insertRequests(at(9, 0), 1);
    await scene.insertFailures(at(9, 0), 1);
    await scene.tick();
    await scene.query('DELETE FROM ops_metrics_hourly WHERE bucket_start > $1::timestamptz', [at(9, 0)]);
  });

  const statements = async (): Promise<string[][]> => {
    const rows = await scene.query<{ hours: string[] }>(
      `SELECT array_agg(to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ORDER BY bucket_start) AS hours
         FROM ops_metrics_hourly WHERE platform IS NULL AND group_id IS NULL AND bucket_start > $1::timestamptz
        GROUP BY computed_at ORDER BY computed_at`,
      [at(9, 0)],
    );
    return rows.map(({ hours }) => hours);
  };
  /** How many hours each claim takes that is made from now on. */
  const hoursOfClaims = (): (() => Promise<number[]>) => {
    const recomputeNext = jest.spyOn(BucketRecomputer.prototype, 'recomputeNext');
    scene.defer(() => {
      recomputeNext.mockRestore();
    });
    return async () => {
      const claims = recomputeNext.mock.results.map(
        ({ value }) => value as ReturnType<BucketRecomputer['recomputeNext']>,
      );
      const ended = await Promise.allSettled(claims);
      const taken = ended.flatMap((claim) => (claim.status === 'fulfilled' ? claim.value : []));
      return taken.flatMap((done) => (done !== null && 'hours' in done && done.hours > 0 ? done.hours : []));
    };
  };
  const iso = (hours: readonly Date[]): string[] => hours.map((hour) => hour.toISOString()).toSorted();
  const wholeDay = (days: number): Date[] => Array.from({ length: 24 }, (_, hour) => at(days, hour));

  it('lie on as many days as late rows have', async () => {
    const late = Array.from({ length: 8 }, (_, day) => at(day, day));
    await scene.insertRequests(late, 3);
    expect(await scene.tick()).toMatchObject({ drainedHours: 8, drainedDays: 8, pendingHours: 0 });
    expect(await statements()).toEqual([iso(late)]);
    await scene.expectAllRight();
  });

  it('do not divide a day that fits into the next statement', async () => {
    const some = [3, 5, 7].map((hour) => at(0, hour));
    const others = [at(3, 1), at(4, 2)];
    await scene.insertRequests([...some, ...wholeDay(1), ...wholeDay(2), ...others], 2);
    // 345 a minute: 24 hours have 500,000, which is what a statement takes.
    const busiest = at(0, 7);
    await scene.insertRequests(new Date(+busiest + 31 * MINUTE_MS), 345);
    await scene.insertRequests(busiest, 20_355);
    expect(await scene.tick()).toMatchObject({ drainedHours: 53 });
    expect(await statements()).toEqual([iso(some), iso(wholeDay(1)), iso(wholeDay(2)), iso(others)]);
    await scene.expectRight();
  });

  it('are fewer where there is more traffic', async () => {
    const dense = new Date(+at(0, 12) + 31 * MINUTE_MS);
    await scene.insertRequests(dense, 2_000);
    await scene.insertRequests([at(0, 9), at(0, 10), at(1, 7), at(1, 8), at(2, 8)], 1);
    expect(await scene.tick()).toMatchObject({ drainedHours: 6 });
    // 2,000 a minute: 4 hours have 500,000.
    expect(await statements()).toEqual([
      iso([at(0, 9), at(0, 10), at(0, 12)]),
      iso([at(1, 7), at(1, 8), at(2, 8)]),
    ]);
    await scene.expectRight();
  });

  it('are many where there is next to none', async () => {
    const taken = hoursOfClaims();
    await scene.rebuilt({ from: at(9, 0), to: at(-1, 0) });
    expect(await taken()).toEqual([96, 96, 48]);
  });

  it('of another day do not wait for a day that somebody has', async () => {
    const held = at(2, 0);
    await scene.insertRequests([at(0, 4), at(1, 4), at(2, 4), at(3, 4)], 2);
    const holder = await scene.holdDays(held);
    expect(await scene.tick()).toMatchObject({ drainedHours: 3, pendingHours: 1 });
    expect(await statements()).toEqual([iso([at(0, 4), at(1, 4), at(3, 4)])]);
    await holder.query('COMMIT');
    expect(await scene.tick()).toMatchObject({ drainedHours: 1, pendingHours: 0 });
    await scene.expectRight();
  });

  it('are taken one by one only until the one is found that somebody has locked', async () => {
    const hours = [1, 2, 4, 5, 7].flatMap(wholeDay);
    await scene.insertRequests(hours, 2);
    await scene.tick();
    await scene.insertRequests(hours, 1);
    const locked = at(1, 20);
    const holder = await scene.begin(
      `SELECT FROM ops_metrics_hourly WHERE bucket_start = '${locked.toISOString()}' FOR UPDATE`,
    );
    const hurried = await scene.start({ drainConcurrency: 1, lockTimeoutMs: 50 });
    const taken = hoursOfClaims();
    expect(await hurried.refresh.tick()).toMatchObject({ drainedHours: 99, pendingHours: 21 });
    // Those after it, and then all but its day.
    expect(await taken()).toEqual([1, 1, 1, 96]);
    await holder.query('COMMIT');
    expect(await scene.tick()).toMatchObject({ drainedHours: 21, pendingHours: 0 });
    await scene.expectRight();
  });

  it('rest, or not, each day by itself', async () => {
    const patient = await scene.start({ recomputeIntervalSeconds: 600 });
    await scene.note(at(3, 4), 'verify');
    await scene.insertRequests([at(1, 4), at(2, 4)], 2);
    expect(await patient.refresh.tick()).toMatchObject({ drainedHours: 3, drainedDays: 1 });
    expect(
      await scene.query(
        `SELECT ((extract(epoch FROM $1::timestamptz - bucket_start)) / 86400)::int AS days FROM ops_metrics_invalidations
          WHERE tier = 'day' AND next_attempt_at > clock_timestamp() ORDER BY 1`,
        [yesterday],
      ),
    ).toEqual([{ days: 1 }, { days: 2 }]);
  });
});
