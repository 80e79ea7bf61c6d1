import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually } from '../support/eventually.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { expectRight, hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('a group that has changed', () => {
  let database: TestDatabase;
  let app: OpsApp;

  beforeAll(async () => {
    database = await createTestDatabase('history_groups');
    app = await createOpsApp(database.url);
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
    for (const hours of [60, 40, 20]) {
      await scene.insertRequests(database.dataSource, await ago(hours), 9, 1);
      await scene.insertRequests(database.dataSource, await ago(hours), 3, 3);
    }
    await app.refresh.tick();
    expect(await app.refresh.maintain()).toMatchObject({ changedGroups: 0 });
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  const platforms = async (): Promise<(string | null)[]> =>
    (
      await database.dataSource.query<{ platform: string | null }[]>(
        'SELECT DISTINCT platform FROM (TABLE ops_metrics_hourly UNION ALL TABLE ops_metrics_hourly) m WHERE group_id = 3',
      )
    ).map(({ platform }) => platform);

  /** Runs the maintenance job twice; what it warned of. */
  async function warnings(): Promise<string[]> {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    const ticks = [await app.refresh.maintain(), await app.refresh.maintain()];
    const texts = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(ticks.map(({ changedGroups }) => changedGroups)).toEqual([1, 0]);
    return texts;
  }

  async function rebuild(): Promise<void> {
    const { id } = await app.rebuilds.request({ from: await ago(70), to: await ago(0), force: true });
    await eventually(async () => (await app.rebuilds.progress(id)).state === 'finished', 'an ended rebuild');
  }

  it('of its platform is named once, with what to run; its history stays until that is run', async () => {
    await database.dataSource.query(`UPDATE groups SET platform = 'gemini' WHERE id = 3`);
    await app.refresh.tick();
    expect(await platforms()).toEqual(['anthropic']);
    expect(await warnings()).toEqual([
      expect.stringMatching(/Group 3 has moved from anthropic to gemini.*rebuild --force/),
    ]);
    expect((await app.status.status()).changedGroups).toMatchObject([
      { groupId: '3', platform: 'gemini', previousPlatform: 'anthropic' },
    ]);
    await app.refresh.tick();
    expect(await platforms()).toEqual(['anthropic']);
    await rebuild();
    expect(await platforms()).toEqual(['gemini']);
    await expectRight(database.url, await ago(240), await ago(0));
  });

  it('by being deleted is named likewise', async () => {
    await database.dataSource.query('ALTER TABLE usage_logs DROP CONSTRAINT fk_usage_logs_group_id');
    await database.dataSource.query('DELETE FROM groups WHERE id = 3');
    expect(await warnings()).toEqual([
      expect.stringMatching(/Group 3 \(anthropic\) was deleted.*rebuild --force/),
    ]);
    expect((await app.status.status()).changedGroups).toMatchObject([
      { groupId: '3', platform: null, previousPlatform: 'anthropic' },
    ]);
    // Its requests have gone from what the hours count; that is watched first, like any other loss.
    await app.refresh.tick();
    expect(await platforms()).toEqual(['anthropic']);
    await rebuild();
    expect(await platforms()).toEqual([]);
    await expectRight(database.url, await ago(240), await ago(0));
  });
});
