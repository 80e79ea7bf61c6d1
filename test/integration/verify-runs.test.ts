import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { Verification } from '../../src/ops/index.js';
import { AdminClient } from '../support/admin-client.js';
import { endOf, refreshed, verified } from '../support/admin-runs.js';
import { eventually } from '../support/eventually.js';
import { VerifyScene } from '../support/verify-scene.js';

const VERIFY = '/admin/ops/verify';

/** Verifications and ticks over HTTP, on two instances of one database. */
describe('runs over HTTP', () => {
  const scene = new VerifyScene('verify_runs');
  let one: AdminClient;
  let two: AdminClient;
  let range: { from: string; to: string };

  beforeAll(async () => {
    [one, two] = [await AdminClient.start(scene.url), await AdminClient.start(scene.url)];
    scene.defer(() => Promise.all([one.close(), two.close()]));
  });
  beforeEach(() => {
    range = { from: scene.from.toISOString(), to: scene.to.toISOString() };
  });

  const requested = async (client: AdminClient, body: object = range): Promise<Verification> =>
    (await client.send('post', VERIFY, body).expect(202)).body as Verification;

  /** While the hourly table is locked no verification gets on. */
  async function whileLocked<T>(work: (holder: pg.Client) => Promise<T>): Promise<T> {
    return work(await scene.begin('LOCK TABLE ops_metrics_hourly IN ACCESS EXCLUSIVE MODE'));
  }

  const waiting = (count: number): Promise<unknown> =>
    eventually(async () => (await scene.waiting()) === count, 'a statement that waits');

  it('takes a verification with 202, says where it is, and every instance shows it to the end', async () => {
    await scene.change('UPDATE ops_metrics_hourly SET ttft_sum_ms = 1 WHERE bucket_start = {hour}');
    const response = await one.send('post', VERIFY, { ...range, fix: true });
    expect(response.status).toBe(202);
    const { id } = response.body as Verification;
    expect(response.headers.location).toBe(`${VERIFY}/${id}`);
    expect(response.body).toMatchObject({
      id: expect.stringMatching(/^\d+$/),
      ...range,
      fix: true,
      requestedBy: expect.stringContaining('admin@'),
      hoursTotal: 72,
    });
    const ended = await endOf<Verification>(two, 'verify', id);
    expect(ended).toMatchObject({
      state: 'finished',
      hours: 72,
      unjudgedCount: 0,
      notedHours: 1,
      notedDays: 1,
      error: null,
      finishedAt: expect.stringMatching(/Z$/),
    });
    expect(ended.differences).toHaveLength(ended.differenceCount);
    const { differences, unjudged, ...summary } = ended;
    expect([differences.length > 0, unjudged]).toEqual([true, []]);
    expect((await two.send('get', VERIFY).expect(200)).body).toEqual([summary]);
    expect((await one.send('get', `${VERIFY}/${id}`).expect(200)).body).toEqual(ended);
  });

  it('shows the progress, runs one at a time on each instance, and stops after the day under way', async () => {
    const [first, other] = await whileLocked(async (holder) => {
      const running = await requested(one);
      expect(running).toMatchObject({ state: 'running', hours: 0, hoursTotal: 72, differences: [] });
      await waiting(1);
      const refused = await one.send('post', VERIFY, range);
      expect([refused.status, refused.body]).toEqual([
        409,
        { code: 'VERIFICATION_RUNNING', message: expect.stringContaining(running.id), field: null },
      ]);
      // Another instance may run one, too; each waits for the lock with a single connection.
      const elsewhere = await requested(two);
      await waiting(2);
      const cancelled = await two.send('delete', `${VERIFY}/${running.id}`).expect(200);
      expect(cancelled.body).toMatchObject({
        state: 'running',
        cancelRequestedAt: expect.stringMatching(/Z$/),
      });
      await holder.query('ROLLBACK');
      return [running.id, elsewhere.id];
    });
    const stopped = await endOf<Verification>(two, 'verify', first);
    expect(stopped).toMatchObject({ state: 'cancelled', error: null });
    expect(stopped.hours).toBeLessThan(72);
    expect(await endOf(one, 'verify', other)).toMatchObject({ state: 'finished', hours: 72 });
    const again = await one.send('delete', `${VERIFY}/${first}`);
    expect([again.status, again.body]).toMatchObject([409, { code: 'VERIFICATION_ENDED', field: 'id' }]);
    await verified(one, range);
  });

  it.each(['4711', 'x', '9'.repeat(40), '%27'])('answers 404 to the id %s', async (id) => {
    for (const [method, kind, code] of [
      ['get', 'verify', 'VERIFICATION_NOT_FOUND'],
      ['delete', 'verify', 'VERIFICATION_NOT_FOUND'],
      ['get', 'refresh', 'REFRESH_NOT_FOUND'],
    ] as const) {
      const response = await one.send(method, `/admin/ops/${kind}/${id}`);
      expect([response.status, response.body]).toMatchObject([404, { code, field: 'id' }]);
    }
  });

  it('says that one is interrupted when its instance is not heard of any more, and stops with its instance', async () => {
    const dead = await verified(one, range);
    await scene.query(
      `UPDATE ops_runs SET state = 'running', finished_at = NULL, alive_until = clock_timestamp() - interval '1 second'`,
    );
    expect((await two.send('get', `${VERIFY}/${dead.id}`)).body).toMatchObject({ state: 'interrupted' });
    expect((await two.send('delete', `${VERIFY}/${dead.id}`)).status).toBe(409);

    const leaving = await AdminClient.start(scene.url);
    const id = await whileLocked(async (holder) => {
      const running = await requested(leaving);
      await waiting(1);
      const closed = leaving.close();
      await holder.query('ROLLBACK');
      await closed;
      return running.id;
    });
    const [row] = await scene.query<unknown>('SELECT state FROM ops_runs WHERE id = $1', [id]);
    expect(row).toEqual({ state: 'interrupted' });
  });

  it('records why one failed', async () => {
    await scene.query('ALTER TABLE ops_metrics_hourly RENAME TO away');
    try {
      const { state, error } = await verified(one, range);
      expect([state, error]).toEqual(['failed', expect.stringMatching(/^42P01: /)]);
    } finally {
      await scene.query('ALTER TABLE away RENAME TO ops_metrics_hourly');
    }
  });

  it('keeps the last 100', async () => {
    const { id } = await verified(one, range);
    await scene.query(
      `INSERT INTO ops_runs (kind, state, request, result, alive_until)
       SELECT kind, 'finished', '{}', '{}', now() FROM unnest(ARRAY['verify', 'refresh']) AS kind, generate_series(1, 150)`,
    );
    const { id: last } = await verified(one, range);
    const kept = await scene.query<{ kind: string; runs: number; oldest: string }>(
      `SELECT kind, count(*)::int AS runs, max(id)::text AS newest FROM ops_runs GROUP BY kind ORDER BY kind`,
    );
    expect(kept).toMatchObject([
      { kind: 'refresh', runs: 150 },
      { kind: 'verify', runs: 100, newest: last },
    ]);
    await one.send('get', `${VERIFY}/${id}`).expect(404);
  });

  it('needs one connection, its own record included', async () => {
    const narrow = await scene.start({}, 1); // a second one at the same time would wait for ever
    const { id } = await narrow.verifications.request({
      from: new Date(range.from),
      to: new Date(range.to),
    });
    const ended = await eventually(async () => {
      const run = await narrow.verifications.progress(id);
      return run.state === 'running' ? null : run;
    }, 'its end');
    expect(ended).toMatchObject({ state: 'finished', hours: 72, differenceCount: 0 });
  });

  it('takes a tick with 202, one at a time, and tells what it did', async () => {
    await scene.insertRequests(scene.hoursLater(1), 1);
    const holder = await scene.begin('LOCK TABLE ops_metrics_hourly IN SHARE MODE');
    const response = await one.send('post', '/admin/ops/refresh');
    expect(response.status).toBe(202);
    const { id } = response.body as { id: string };
    expect(response.headers.location).toBe(`/admin/ops/refresh/${id}`);
    expect(response.body).toMatchObject({ state: 'running', refresh: null, maintenance: null });
    await waiting(1);
    const refused = await one.send('post', '/admin/ops/refresh');
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'REFRESH_RUNNING' }]);
    expect((await two.send('get', '/admin/ops/refresh').expect(200)).body).toMatchObject([
      { id, state: 'running' },
    ]);
    await holder.query('ROLLBACK');
    const ended = await endOf(two, 'refresh', id);
    expect(ended).toMatchObject({
      state: 'finished',
      refresh: { drainedHours: expect.any(Number), lateRows: 1 },
      maintenance: { oldDefinitionHours: 0 },
    });
    expect(await refreshed(two)).toMatchObject({ state: 'finished', refresh: { pendingHours: 0 } });
  });
});
