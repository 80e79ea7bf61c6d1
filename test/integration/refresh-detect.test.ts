import { describe, expect, it } from '@jest/globals';
import { insertFailures, insertRequests } from '../support/refresh-scene.js';
import { OpsScene } from '../support/ops-scene.js';
import { withServer } from '../support/test-database.js';

const DAY_HOURS = 24;

const maxPrepared = await withServer(async (server) => {
  const { rows } = await server.query<{ max_prepared_transactions: string }>(
    'SHOW max_prepared_transactions',
  );
  return Number(rows[0]?.max_prepared_transactions);
});

describe('detection of new rows by id', () => {
  const scene = new OpsScene('refresh_detect');
  const { ago } = scene;

  it('finds rows whose transaction stays open over several ticks, below ids that were committed before', async () => {
    await scene.tick();
    const before = await scene.safeId();
    const [first, second] = [await scene.begin(), await scene.begin()];
    await insertRequests(first, await ago(5));
    await insertRequests(second, await ago(7), 2, 3);
    await scene.insertRequests(await ago(3));

    for (let tick = 0; tick < 2; tick += 1) {
      expect(await scene.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
      expect(await scene.storedRequests(await ago(3))).toBe(3);
      expect(await scene.safeId()).toBe(before);
    }
    await first.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(5))).toBe(3);
    await second.query('COMMIT');
    await scene.tick();
    await scene.expectAllRight();
    const [row] = await scene.query<{ id: string }>('SELECT max(id) AS id FROM usage_logs');
    expect(await scene.safeId()).toBe(BigInt(row?.id ?? -1));
  });

  it('finds the rows of a writer that had its id before the tick and commits during it', async () => {
    await scene.tick();
    for (let round = 1; round <= 4; round += 1) {
      const writer = await scene.begin();
      await insertRequests(writer, await ago(5 * round));
      await insertFailures(writer, await ago(5 * round), 2);
      await scene.insertRequests(await ago(3), 1, 2);
      const tick = scene.tick();
      await writer.query('COMMIT');
      await tick;
    }
    await scene.tick();
    await scene.expectAllRight();
  });

  it('finds the rows that were in flight when it ran for the first time', async () => {
    const writer = await scene.begin();
    await insertRequests(writer, await ago(4));
    // The only committed row is newer by id: nothing in the table shows that a lower id was taken.
    await scene.insertRequests(await ago(6), 1);
    await scene.tick();
    expect(await scene.storedRequests(await ago(6))).toBe(1);
    await writer.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(4))).toBe(3);
    await scene.expectAllRight();
  });

  it('finds the rows of released savepoints, and none of those rolled back', async () => {
    await scene.tick();
    const writer = await scene.begin();
    await insertRequests(writer, await ago(4), 1);
    await writer.query('SAVEPOINT a');
    await insertRequests(writer, await ago(30), 5);
    await writer.query('ROLLBACK TO SAVEPOINT a');
    await writer.query('SAVEPOINT b');
    await insertRequests(writer, await ago(50), 2);
    await writer.query('RELEASE SAVEPOINT b');
    await scene.tick();
    await writer.query('COMMIT');
    await scene.tick();
    expect(await scene.storedRequests(await ago(30))).toBeNull();
    expect(await scene.storedRequests(await ago(50))).toBe(2);
    await scene.expectAllRight();
  });

  it('finds rows that are hours, days and weeks late, and counts them once', async () => {
    await scene.insertRequests(await ago(2));
    await scene.tick();
    const late = [2, 3, 3 * DAY_HOURS, 9 * DAY_HOURS + 5, 50 * DAY_HOURS];
    for (const hours of late) await scene.insertRequests(await ago(hours), 2, 2);
    await scene.insertFailures(await ago(8 * DAY_HOURS), 3, null);
    const tick = await scene.tick();
    expect(tick).toMatchObject({ lateRows: 2 * late.length + 3, drainedHours: late.length + 1 });
    expect(tick.oldestLateSeconds).toBeGreaterThanOrEqual(50 * DAY_HOURS * 3600);
    expect(await scene.tick()).toMatchObject({ lateRows: 0, drainedHours: 0 });
    const { rawTables } = await scene.status();
    expect(rawTables.map(({ rawTable, lateRows }) => [rawTable, lateRows])).toEqual([
      ['usage_logs', String(2 * late.length)],
      ['ops_error_logs', '3'],
    ]);
    await scene.maintain();
    await scene.expectAllRight();
  });

  it('counts late rows once, however many ticks look at them while a writer holds safe_id back', async () => {
    await scene.insertRequests(await ago(2));
    await scene.tick();
    const writer = await scene.begin();
    await insertRequests(writer, await ago(1), 1);
    await scene.insertRequests(await ago(40), 4);
    await scene.tick();
    await scene.tick();
    await writer.query('ROLLBACK');
    await scene.tick();
    await scene.tick();
    const { rawTables } = await scene.status();
    expect(rawTables[0]).toMatchObject({ rawTable: 'usage_logs', lateRows: '4' });
  });

  it.each(['for the first time', 'again'])(
    'leaves no row out when two instances detect at once, %s',
    async (when) => {
      const other = await scene.start();
      if (when === 'again') await scene.tick();
      for (let round = 0; round < 6; round += 1) {
        const writer = await scene.begin();
        await insertRequests(writer, await ago(2 + 13 * round));
        await scene.insertRequests(await ago(3 + 7 * round), 1, 3);
        const ticks = [scene.tick(), other.refresh.tick()];
        await insertRequests(writer, await ago(4 + 5 * round), 1, 2);
        await writer.query('COMMIT');
        for (const { failedBuckets } of await Promise.all(ticks)) expect(failedBuckets).toBe(0);
      }
      await Promise.all([scene.tick(), other.refresh.tick()]);
      await scene.expectAllRight();
    },
  );

  const prepared = maxPrepared > 0 ? it : it.skip;
  const why = maxPrepared > 0 ? '' : ' (skipped: the server has max_prepared_transactions = 0)';

  prepared(`finds the rows of a transaction that stays prepared over a tick${why}`, async () => {
    await scene.tick();
    const writer = await scene.begin();
    await insertRequests(writer, await ago(4));
    await writer.query(`PREPARE TRANSACTION 'across_ticks'`);
    await scene.insertRequests(await ago(3));
    await scene.tick();
    await writer.query(`COMMIT PREPARED 'across_ticks'`);
    await scene.tick();
    await scene.expectAllRight();
  });

  prepared(`finds the rows of a transaction that is prepared while it waits for it${why}`, async () => {
    await scene.tick();
    // Prepared at various moments of the wait: the transaction changes its name in pg_locks, and has not ended.
    for (let round = 1; round <= 3; round += 1) {
      const writer = await scene.begin();
      await insertRequests(writer, await ago(4 * round));
      await scene.insertRequests(await ago(3));
      const tick = scene.tick();
      await writer.query(`SELECT pg_sleep(${0.05 * round})`);
      await writer.query(`PREPARE TRANSACTION 'in_a_tick'`);
      await tick;
      await writer.query(`COMMIT PREPARED 'in_a_tick'`);
      await scene.tick();
      expect(await scene.storedRequests(await ago(4 * round))).toBe(3);
    }
    await scene.expectAllRight();
  });
});
