import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OpsModuleOptions } from '../../src/ops/index.js';
import { createOpsApp, type OpsApp } from '../support/ops-app.js';
import * as scene from '../support/refresh-scene.js';
import { hoursAgo } from '../support/rollup-check.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the rounds of the audit', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('refresh_audit_rounds');
  });
  beforeEach(async () => {
    await scene.resetScene(database.dataSource);
  });
  afterAll(async () => {
    await database.drop();
  });

  const ago = (hours: number): Promise<Date> => hoursAgo(database.dataSource, hours);

  async function withApp(options: OpsModuleOptions, work: (app: OpsApp) => Promise<void>): Promise<void> {
    const app = await createOpsApp(database.url, options);
    try {
      await work(app);
    } finally {
      await app.close();
    }
  }

  // A step takes 240 hours: below the first one there is nothing; a floor lies somewhere within an hour.
  it.each([
    ['the old end of the backfill is empty', {}],
    ['a retention ends within an hour', { rawRetentionDays: { usageLogs: 12, errorLogs: 12 } }],
    ['there is no backfill to speak of', { backfillDays: 1 }],
  ] as [string, OpsModuleOptions][])('begin anew in every tick where %s', async (_what, options) => {
    const hours = [await ago(20), await ago(26), await ago(150)];
    for (const hour of hours) await scene.insertRequests(database.dataSource, hour);
    await withApp(options, async (app) => {
      await app.refresh.tick();
      await app.refresh.tick();
      for (let round = 0; round < 3; round += 1) {
        await database.dataSource.query('UPDATE usage_logs SET output_tokens = output_tokens + 1');
        const stored = hours.slice(0, options.backfillDays === 1 ? 1 : 3);
        expect(await app.refresh.tick()).toMatchObject({
          differingHours: stored.length,
          drainedHours: stored.length,
        });
      }
      const { audit } = await app.status.status();
      expect(audit.map(({ lane }) => lane)).toEqual(['recent', 'history']);
      for (const { auditedSince } of audit) expect(auditedSince).not.toBeNull();
    });
  });

  it('are ended also where there is no row at all', async () => {
    await withApp({}, async (app) => {
      for (let tick = 0; tick < 3; tick += 1) await app.refresh.tick();
      for (const { auditedSince } of (await app.status.status()).audit) expect(auditedSince).not.toBeNull();
    });
  });
});
