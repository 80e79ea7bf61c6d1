import { beforeEach, describe, expect, it } from '@jest/globals';
import { OpsScene } from '../support/ops-scene.js';

describe('a group that has changed', () => {
  const scene = new OpsScene('history_groups');
  const { ago } = scene;

  beforeEach(async () => {
    for (const hours of [60, 40, 20]) {
      await scene.insertRequests(await ago(hours), 9, 1);
      await scene.insertRequests(await ago(hours), 3, 3);
    }
    await scene.tick();
    expect(await scene.maintain()).toMatchObject({ changedGroups: 0 });
  });

  const platforms = async (): Promise<(string | null)[]> =>
    (
      await scene.query<{ platform: string | null }>(
        'SELECT DISTINCT platform FROM ops_metrics_hourly WHERE group_id = 3',
      )
    ).map(({ platform }) => platform);

  /** Runs the maintenance job twice; what it warned of. */
  async function warnings(): Promise<readonly string[]> {
    const texts = scene.warnings();
    const ticks = [await scene.maintain(), await scene.maintain()];
    expect(ticks.map(({ changedGroups }) => changedGroups)).toEqual([1, 0]);
    return texts;
  }

  async function rebuild(): Promise<void> {
    await scene.rebuilt({ from: await ago(70), to: await ago(0), force: true });
  }

  it('of its platform is named once, with what to run; its history stays until that is run', async () => {
    await scene.query(`UPDATE groups SET platform = 'gemini' WHERE id = 3`);
    await scene.tick();
    expect(await platforms()).toEqual(['anthropic']);
    expect(await warnings()).toEqual([
      expect.stringMatching(/Group 3 has moved from anthropic to gemini.*rebuild --force/),
    ]);
    expect((await scene.status()).changedGroups).toMatchObject([
      { groupId: '3', platform: 'gemini', previousPlatform: 'anthropic' },
    ]);
    await scene.tick();
    expect(await platforms()).toEqual(['anthropic']);
    await rebuild();
    expect(await platforms()).toEqual(['gemini']);
    await scene.expectRight();
  });

  it('by being deleted is named likewise', async () => {
    await scene.query('ALTER TABLE usage_logs DROP CONSTRAINT fk_usage_logs_group_id');
    await scene.query('DELETE FROM groups WHERE id = 3');
    expect(await warnings()).toEqual([
      expect.stringMatching(/Group 3 \(anthropic\) was deleted.*rebuild --force/),
    ]);
    expect((await scene.status()).changedGroups).toMatchObject([
      { groupId: '3', platform: null, previousPlatform: 'anthropic' },
    ]);
    // Its requests have gone from what the hours count; that is watched first, like any other loss.
    await scene.tick();
    expect(await platforms()).toEqual(['anthropic']);
    await rebuild();
    expect(await platforms()).toEqual([]);
    await scene.expectRight();
  });
});
