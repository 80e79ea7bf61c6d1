import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, withServer, type TestDatabase } from '../support/test-database.js';

const DAY_HOURS = 24;
/** Far enough back for every row of these tests. */
const FIRST_HOUR = 60 * DAY_HOURS;

const maxPrepared = await withServer(async (server) => {
  const { rows } = await server.query<{ max_prepared_transactions: string }>(
    'SHOW max_prepared_transactions',
  );
  return Number(rows[0]?.max_prepared_transactions);
});

describe('detection of new rows by id', () => {
  let database: TestDatabase;
  let app: OpsApp;
  let writers: pg.Client[] = [];

  beforeAll(async () => {
    database = await createTestDatabase('refresh_detect');
    app = await createOpsApp(database.url);
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterEach(async () => {
    await Promise.all(writers.map((writer) => writer.end()));
    writers = [];
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  async function openWriter(): Promise<pg.Client> {
    const writer = await scene.connect(database.url);
    writers.push(writer);
    await writer.query('BEGIN');
    return writer;
  }

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  async function expectAllRight(): Promise<void> {
    const closed = await ago(0);
    const stale = await scene.staleHours(database.dataSource);
    expect(stale.filter((hour) => new Date(hour) < closed)).toEqual([]);
    await expectRight(database.url, await ago(FIRST_HOUR), closed);
  }

  it('finds rows whose transaction stays open over several ticks, below ids that were committed before', async () => {
    await app.refresh.tick();
    const before = await scene.safeId(database.dataSource);
    const [first, second] = [await openWriter(), await openWriter()];
    await scene.insertRequests(first, await ago(5));
    await scene.insertRequests(second, await ago(7), 2, 3);
    await scene.insertRequests(database.dataSource, await ago(3));

    for (let tick = 0; tick < 2; tick += 1) {
      expect(await app.refresh.tick()).toMatchObject({ failedBuckets: 0, pendingHours: 0 });
      expect(await scene.storedRequests(database.dataSource, await ago(3))).toBe(3);
      expect(await scene.safeId(database.dataSource)).toBe(before);
    }
    await first.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(5))).toBe(3);
    await second.query('COMMIT');
    await app.refresh.tick();
    await expectAllRight();
    const [row] = await database.dataSource.query<{ id: string }[]>('SELECT max(id) AS id FROM usage_logs');
    expect(await scene.safeId(database.dataSource)).toBe(BigInt(row?.id ?? -1));
  });

  it('finds the rows of a writer that had its id before the tick and commits during it', async () => {
    await app.refresh.tick();
    for (let round = 1; round <= 4; round += 1) {
      const writer = await openWriter();
      await scene.insertRequests(writer, await ago(5 * round));
      await scene.insertFailures(writer, await ago(5 * round), 2);
      await scene.insertRequests(database.dataSource, await ago(3), 1, 2);
      const tick = app.refresh.tick();
      await writer.query('COMMIT');
      await tick;
    }
    await app.refresh.tick();
    await expectAllRight();
  });

  it('finds the rows that were in flight when it ran for the first time', async () => {
    const writer = await openWriter();
    await scene.insertRequests(writer, await ago(4));
    // The only committed row is newer by id: nothing in the table shows that a lower id was taken.
    await scene.insertRequests(database.dataSource, await ago(6), 1);
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(6))).toBe(1);
    await writer.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(4))).toBe(3);
    await expectAllRight();
  });

  it('finds the rows of released savepoints, and none of those rolled back', async () => {
    await app.refresh.tick();
    const writer = await openWriter();
    await scene.insertRequests(writer, await ago(4), 1);
    await writer.query('SAVEPOINT a');
    await scene.insertRequests(writer, await ago(30), 5);
    await writer.query('ROLLBACK TO SAVEPOINT a');
    await writer.query('SAVEPOINT b');
    await scene.insertRequests(writer, await ago(50), 2);
    await writer.query('RELEASE SAVEPOINT b');
    await app.refresh.tick();
    await writer.query('COMMIT');
    await app.refresh.tick();
    expect(await scene.storedRequests(database.dataSource, await ago(30))).toBeNull();
    expect(await scene.storedRequests(database.dataSource, await ago(50))).toBe(2);
    await expectAllRight();
  });

  it('finds rows that are hours, days and weeks late, and counts them once', async () => {
    await scene.insertRequests(database.dataSource, await ago(2));
    await app.refresh.tick();
    const late = [2, 3, 3 * DAY_HOURS, 9 * DAY_HOURS + 5, 50 * DAY_HOURS];
    for (const hours of late) await scene.insertRequests(database.dataSource, await ago(hours), 2, 2);
    await scene.insertFailures(database.dataSource, await ago(8 * DAY_HOURS), 3, null);
    const tick = await app.refresh.tick();
    expect(tick).toMatchObject({ lateRows: 2 * late.length + 3, drainedHours: late.length + 1 });
    expect(tick.oldestLateSeconds).toBeGreaterThanOrEqual(50 * DAY_HOURS * 3600);
    expect(await app.refresh.tick()).toMatchObject({ lateRows: 0, drainedHours: 0 });
    const { rawTables } = await app.status.status();
    expect(rawTables.map(({ rawTable, lateRows }) => [rawTable, lateRows])).toEqual([
      ['usage_logs', String(2 * late.length)],
      ['ops_error_logs', '3'],
    ]);
    await app.refresh.maintain();
    await expectAllRight();
  });

  it('counts late rows once, however many ticks look at them while a writer holds safe_id back', async () => {
    await scene.insertRequests(database.dataSource, await ago(2));
    await app.refresh.tick();
    const writer = await openWriter();
    await scene.insertRequests(writer, await ago(1), 1);
    await scene.insertRequests(database.dataSource, await ago(40), 4);
    await app.refresh.tick();
    await app.refresh.tick();
    await writer.query('ROLLBACK');
    await app.refresh.tick();
    await app.refresh.tick();
    const { rawTables } = await app.status.status();
    expect(rawTables[0]).toMatchObject({ rawTable: 'usage_logs', lateRows: '4' });
  });

  it.each(['for the first time', 'again'])(
    'leaves no row out when two instances detect at once, %s',
    async (when) => {
      const other = await createOpsApp(database.url);
      try {
        if (when === 'again') await app.refresh.tick();
        for (let round = 0; round < 6; round += 1) {
          const writer = await openWriter();
          await scene.insertRequests(writer, await ago(2 + 13 * round));
          await scene.insertRequests(database.dataSource, await ago(3 + 7 * round), 1, 3);
          const ticks = [app.refresh.tick(), other.refresh.tick()];
          await scene.insertRequests(writer, await ago(4 + 5 * round), 1, 2);
          await writer.query('COMMIT');
          for (const { failedBuckets } of await Promise.all(ticks)) expect(failedBuckets).toBe(0);
        }
        await Promise.all([app.refresh.tick(), other.refresh.tick()]);
        await expectAllRight();
      } finally {
        await other.close();
      }
    },
  );

  const prepared = maxPrepared > 0 ? it : it.skip;
  const why = maxPrepared > 0 ? '' : ' (skipped: the server has max_prepared_transactions = 0)';

  prepared(`finds the rows of a transaction that stays prepared over a tick${why}`, async () => {
    await app.refresh.tick();
    const writer = await openWriter();
    await scene.insertRequests(writer, await ago(4));
    await writer.query(`PREPARE TRANSACTION 'across_ticks'`);
    await scene.insertRequests(database.dataSource, await ago(3));
    await app.refresh.tick();
    await writer.query(`COMMIT PREPARED 'across_ticks'`);
    await app.refresh.tick();
    await expectAllRight();
  });

  prepared(`finds the rows of a transaction that is prepared while it waits for it${why}`, async () => {
    await app.refresh.tick();
    // Prepared at various moments of the wait: the transaction changes its name in pg_locks, and has not ended.
    for (let round = 1; round <= 3; round += 1) {
      const writer = await openWriter();
      await scene.insertRequests(writer, await ago(4 * round));
      await scene.insertRequests(database.dataSource, await ago(3));
      const tick = app.refresh.tick();
      await writer.query(`SELECT pg_sleep(${0.05 * round})`);
      await writer.query(`PREPARE TRANSACTION 'in_a_tick'`);
      await tick;
      await writer.query(`COMMIT PREPARED 'in_a_tick'`);
      await app.refresh.tick();
      expect(await scene.storedRequests(database.dataSource, await ago(4 * round))).toBe(3);
    }
    await expectAllRight();
  });
});
