import { expect } from '@jest/globals';
import type pg from 'pg';
import type { RebuildProgress, RebuildRequest } from '../../src/ops/index.js';
import { eventually } from './eventually.js';
import { createOpsApp, type OpsApp } from './ops-app.js';
import * as scene from './refresh-scene.js';
import { databaseNow, expectRight, hoursAgo } from './rollup-check.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Whole, closed and rolled up UTC days with a row every five hours, and one long before them, so that none of them is
 * where a purge might be at work; two instances that audit nothing, and a connection to hold locks.
 */
export class RebuildScene {
  public static readonly days = 4;
  /** Midnight of the first day. */
  public from = new Date(0);
  /** Midnight of today. */
  public to = new Date(0);

  private constructor(
    public readonly database: TestDatabase,
    public readonly app: OpsApp,
    /** As another replica: never asked to rebuild anything. */
    public readonly other: OpsApp,
    public readonly holder: pg.Client,
  ) {}

  public static async open(label: string): Promise<RebuildScene> {
    const database = await createTestDatabase(label);
    const options = { auditPercent: 0 };
    const [app, other] = [
      await createOpsApp(database.url, options),
      await createOpsApp(database.url, options),
    ];
    return new RebuildScene(database, app, other, await scene.connect(database.url));
  }

  /** Nothing of the range is stale, and everything stored is what the raw rows give. */
  public async expectAllRight(): Promise<void> {
    const stale = await scene.staleHours(this.database.dataSource);
    expect(stale.filter((hour) => new Date(hour) < this.to)).toEqual([]);
    await this.app.refresh.maintain();
    await expectRight(
      this.database.url,
      new Date(this.from.getTime() - DAY_MS),
      await hoursAgo(this.database.dataSource, 0),
    );
  }

  public async close(): Promise<void> {
    await this.holder.end();
    await this.app.close();
    await this.other.close();
    await this.database.drop();
  }

  public async reset(): Promise<void> {
    const { dataSource } = this.database;
    await this.holder.query('ROLLBACK');
    await scene.resetScene(dataSource);
    const today = Math.floor((await databaseNow(dataSource)).getTime() / DAY_MS) * DAY_MS;
    [this.from, this.to] = [new Date(today - RebuildScene.days * DAY_MS), new Date(today)];
    const before = new Date(this.from.getTime() - 4 * HOUR_MS);
    await scene.insertRequests(dataSource, before);
    await scene.insertFailures(dataSource, before);
    for (let hour = this.from.getTime(); hour < today; hour += 5 * HOUR_MS) {
      await scene.insertRequests(dataSource, new Date(hour), 2, 1 + ((hour / HOUR_MS) % 3));
      await scene.insertFailures(dataSource, new Date(hour), 1);
    }
    await this.app.refresh.tick();
    await this.app.refresh.maintain();
  }

  public at(day: number, hour = 0): Date {
    return new Date(this.from.getTime() + day * DAY_MS + hour * HOUR_MS);
  }

  /** Keeps every instance from draining these days, until `holder` ends its transaction. */
  public async holdDays(from: Date, days: number): Promise<void> {
    await scene.holdDays(this.holder, from, days);
  }

  /** Asks for a rebuild while days are held, and waits until the drain that it starts has given up on them. */
  public async requestInVain(request: RebuildRequest): Promise<string> {
    const { id } = await this.app.rebuilds.request(request);
    await this.app.rebuilds.resume(); // taken after that drain
    return id;
  }

  public async ended(id: string): Promise<RebuildProgress> {
    await eventually(
      async () => (await this.app.rebuilds.progress(id)).state === 'finished',
      'an ended rebuild',
    );
    return this.app.rebuilds.progress(id);
  }

  /** Makes every hourly row of the range wrong until it is recomputed. */
  public async spoil(): Promise<void> {
    await this.database.dataSource.query(
      'UPDATE ops_metrics_hourly SET success_count = success_count + 1 WHERE bucket_start >= $1::timestamptz',
      [this.from.toISOString()],
    );
  }

  /** Removes the raw rows of [from, to). */
  public async purge(from: Date, to: Date): Promise<void> {
    for (const table of ['usage_logs', 'ops_error_logs']) {
      await this.database.dataSource.query(
        `DELETE FROM ${table} WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz`,
        [from.toISOString(), to.toISOString()],
      );
    }
  }
}
