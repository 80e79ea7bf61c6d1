import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RebuildProgress } from '../../src/ops/index.js';
import { OpsScene } from '../support/ops-scene.js';

const hourLater = (hour: Date): Date => new Date(hour.getTime() + 3_600_000);

describe('history whose raw rows are gone, without a retention', () => {
  const scene = new OpsScene('refresh_loss');
  const { ago } = scene;
  let hour: Date;

  beforeEach(async () => {
    hour = await ago(80); // before the first minute that is kept
    await scene.insertRequests(hour, 8);
    await scene.insertFailures(hour, 4);
  });

  /** Leaves so many of the hour's usage rows. */
  const keepUsage = (count: number): Promise<unknown> =>
    scene.query(
      `DELETE FROM usage_logs WHERE created_at = $2::timestamptz
         AND id NOT IN (SELECT id FROM usage_logs WHERE created_at = $2::timestamptz ORDER BY id LIMIT $1::int)`,
      [count, hour],
    );

  const rebuilt = async (force = false): Promise<RebuildProgress['hours']> =>
    (await scene.rebuilt({ from: hour, to: hourLater(hour), force })).hours;

  /** As if so many seconds had passed since an hour was seen to lose rows. */
  async function endLossDelay(seconds: number): Promise<void> {
    await scene.query(
      `UPDATE ops_metrics_invalidations SET next_attempt_at = clock_timestamp(),
         loss_seen_at = clock_timestamp() - make_interval(secs => $1::float8)`,
      [seconds],
    );
  }

  describe('where older raw rows are left', () => {
    let end: Date;

    beforeEach(async () => {
      end = await ago(0);
      await scene.insertRequests(await ago(90), 1);
      await scene.insertFailures(await ago(90), 1);
      await scene.tick();
    });

    it('gives way to a recomputation that leaves exactly half of a side', async () => {
      await keepUsage(4); // of 8
      expect(await rebuilt()).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(hour)).toBe(4);
      expect((await scene.status()).suspiciousBuckets).toEqual([]);
      await scene.expectRight(await ago(240), end);
    });

    it('waits for a loss to end before it recomputes by itself, and does without another', async () => {
      const patient = await scene.start({ lossDelaySeconds: 1_000 });
      await keepUsage(7);
      expect(await patient.refresh.tick()).toMatchObject({ differingHours: 1, losingHours: 1 });
      expect(await scene.storedRequests(hour)).toBe(8);
      expect((await patient.status.status()).losingBuckets).toMatchObject([
        { tier: 'hour', bucketStart: hour.toISOString(), reason: 'audit', suspiciousSince: null },
      ]);
      expect(await patient.refresh.tick()).toMatchObject({ losingHours: 0, drainedHours: 0 });

      // It went on losing meanwhile: the wait begins anew.
      await keepUsage(6);
      await endLossDelay(1_000);
      await scene.query(
        `UPDATE ops_metrics_invalidations SET loss_seen_at = loss_seen_at + interval '10 seconds'`,
      );
      expect(await patient.refresh.tick()).toMatchObject({ losingHours: 1, drainedHours: 0 });
      expect(await scene.storedRequests(hour)).toBe(8);

      await endLossDelay(1_000);
      expect(await patient.refresh.tick()).toMatchObject({ losingHours: 0, drainedHours: 1 });
      expect(await scene.storedRequests(hour)).toBe(6);
      await scene.expectRight(await ago(240), end);
    });

    it('is held back from one that would leave less of a side, until somebody forces it', async () => {
      const before = await scene.frozen(end);
      expect(before).toContain('"success_count":8');
      await keepUsage(3); // of 8, with 4 of 4 errors
      expect(await rebuilt()).toMatchObject({ done: 0, failed: 1 });
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const status = await scene.status();
        expect(status.invalidations).toMatchObject({ suspicious: 1, failing: 0, pending: 0 });
        expect(status.suspiciousBuckets).toMatchObject([{ bucketStart: hour.toISOString() }]);
        await scene.tick();
        expect(await rebuilt()).toMatchObject({ done: 0, failed: 1 });
        // Neither a difference nor noted anew: it cannot be judged.
        const { differences, unjudged } = await scene.app.verify.verify(hour, hourLater(hour), true);
        expect([differences, unjudged.map(({ bucket }) => bucket)]).toEqual([[], [hour.toISOString()]]);
        expect(await scene.tick()).toMatchObject({ suspiciousHours: 0 });
        expect(await scene.storedRequests(hour)).toBe(8);
      }

      expect(await rebuilt(true)).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(hour)).toBe(3);
      expect((await scene.status()).suspiciousBuckets).toEqual([]);
      await scene.expectRight(await ago(240), end);
    });

    it('takes up the other side of an hour that is held back', async () => {
      await keepUsage(3);
      await scene.insertFailures(hour, 2);
      expect(await scene.tick()).toMatchObject({ suspiciousHours: 1 });
      expect(await scene.stored(hour)).toEqual({ requests: 8, errors: 6 });
    });

    it('is held back where all of its raw rows are gone, and no other hour of its day is', async () => {
      const neighbour = hourLater(hour);
      await scene.insertRequests(neighbour, 2);
      await scene.purge(hour);
      await scene.rebuilt({ from: hour, to: hourLater(neighbour) });
      expect(await scene.storedRequests(hour)).toBe(8);
      expect(await scene.storedRequests(neighbour)).toBe(2);
      expect(await scene.loggedHour(hour)).toMatchObject({ is_suspicious: true });
    });

    it('is recomputed by itself once so many rows have come back that no side shrinks by half', async () => {
      await keepUsage(0);
      expect(await rebuilt()).toMatchObject({ failed: 1 });
      await scene.insertRequests(hour, 6, 3);
      const calm = await scene.start({ lossDelaySeconds: 0 });
      expect(await calm.refresh.tick()).toMatchObject({ drainedHours: 1, suspiciousHours: 0 });
      expect(await scene.storedRequests(hour)).toBe(6);
      await scene.expectRight();
    });
  });

  describe('where a purge has come as far', () => {
    beforeEach(async () => {
      await scene.insertRequests(await ago(20), 1);
      await scene.insertFailures(await ago(20), 1);
      await scene.tick();
    });

    it.each([0, 1, 7])('keeps what it has, of %s rows left, and says nothing of it', async (left) => {
      await keepUsage(left);
      const before = await scene.frozen(hourLater(hour));
      expect(await scene.tick()).toMatchObject({ differingHours: 0, drainedHours: 0 });
      await scene.insertFailures(hour, 1); // a late row of the other table
      expect(await scene.tick()).toMatchObject({
        suspiciousHours: 0,
        losingHours: 0,
        drainedHours: 1,
      });
      expect(await scene.storedRequests(hour)).toBe(8);
      expect(await scene.frozen(hourLater(hour))).not.toBe(before);
      expect((await scene.status()).invalidations).toMatchObject({
        suspicious: 0,
        losing: 0,
        pending: 0,
      });
    });

    it('is held back from whoever asks for it, until somebody forces it', async () => {
      await keepUsage(7);
      expect(await rebuilt()).toMatchObject({ done: 0, failed: 1 });
      const { differences, unjudgedCount } = await scene.app.verify.verify(hour, hourLater(hour), true);
      expect([differences, unjudgedCount]).toEqual([[], 1]);
      expect(await scene.tick()).toMatchObject({ suspiciousHours: 0 });
      expect(await scene.storedRequests(hour)).toBe(8);
      expect(await rebuilt(true)).toMatchObject({ done: 1, failed: 0 });
      expect(await scene.storedRequests(hour)).toBe(7);
    });

    it('keeps everything where a table is empty', async () => {
      const before = await scene.frozen(await ago(0));
      await scene.query('TRUNCATE usage_logs, ops_error_logs');
      await scene.tick();
      await scene.query(
        `INSERT INTO ops_metrics_invalidations (bucket_start, reason)
         SELECT bucket_start, 'new_rows' FROM ops_metrics_hourly WHERE platform IS NULL
         ON CONFLICT (tier, bucket_start) DO NOTHING`,
      );
      expect(await scene.tick()).toMatchObject({ suspiciousHours: 0, pendingHours: 0 });
      expect(await scene.frozen(await ago(0))).toBe(before);
    });
  });
});
