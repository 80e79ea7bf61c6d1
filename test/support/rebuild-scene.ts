import { expect } from '@jest/globals';
import type pg from 'pg';
import type { OpsModuleOptions, RebuildRequest } from '../../src/ops/index.js';
import type { OpsApp } from './ops-app.js';
import { OpsScene } from './ops-scene.js';
import { holdDays } from './refresh-scene.js';
import { databaseNow } from './rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NO_AUDIT: OpsModuleOptions = { auditPercent: 0 };

/**
 * Whole, closed and rolled up UTC days with a row every five hours, and one long before them, so that none of them is
 * where a purge might be at work; two instances that audit nothing, and a connection to hold locks.
 */
export class RebuildScene extends OpsScene {
  public static readonly days = 4;
  /** Midnight of the first day. */
  public from = new Date(0);
  /** Midnight of today. */
  public to = new Date(0);
  private lockHolder: pg.Client | undefined;
  private replica: OpsApp | undefined;

  public constructor(label: string) {
    super(label, NO_AUDIT);
  }

  /** As another replica: never asked to rebuild anything. */
  public get other(): OpsApp {
    if (this.replica === undefined) throw new Error('The other instance is used before it was started');
    return this.replica;
  }

  public at(day: number, hour = 0): Date {
    return new Date(this.from.getTime() + day * DAY_MS + hour * HOUR_MS);
  }

  /** Whoever keeps days, or another lock, from the instances. */
  public get holder(): pg.Client {
    if (this.lockHolder === undefined) throw new Error('The holder is used before it has connected');
    return this.lockHolder;
  }

  /** Keeps every instance from draining these days. */
  public async hold(from = this.from, days = RebuildScene.days): Promise<void> {
    await holdDays(this.holder, from, days);
  }

  /** Ends what is held. */
  public async release(): Promise<void> {
    await this.holder.query('ROLLBACK');
  }

  /** Asks for a rebuild while days are held, and waits until the drain that it starts has given up on them. */
  public async requestInVain(over: Partial<RebuildRequest> = {}): Promise<string> {
    const { id } = await this.app.rebuilds.request({ from: this.from, to: this.to, ...over });
    await this.app.rebuilds.resume(); // taken after that drain
    return id;
  }

  /** Makes every hourly row of the range wrong until it is recomputed. */
  public async spoil(): Promise<void> {
    await this.query(
      'UPDATE ops_metrics_hourly SET success_count = success_count + 1 WHERE bucket_start >= $1::timestamptz',
      [this.from],
    );
  }

  /** Nothing of the range is stale, and everything stored is what the raw rows give. */
  public async expectRebuilt(): Promise<void> {
    expect((await this.staleHours()).filter((hour) => new Date(hour) < this.to)).toEqual([]);
    await this.app.refresh.maintain();
    await this.expectRight(new Date(this.from.getTime() - DAY_MS));
  }

  protected override async open(): Promise<void> {
    await super.open();
    this.replica = await this.start(NO_AUDIT);
    this.lockHolder = await this.connect();
  }

  public override async reset(): Promise<void> {
    await this.release();
    await super.reset();
    const today = Math.floor((await databaseNow(this.dataSource)).getTime() / DAY_MS) * DAY_MS;
    [this.from, this.to] = [new Date(today - RebuildScene.days * DAY_MS), new Date(today)];
    const before = new Date(this.from.getTime() - 4 * HOUR_MS);
    await this.insertRequests(before);
    await this.insertFailures(before);
    for (let hour = this.from.getTime(); hour < today; hour += 5 * HOUR_MS) {
      await this.insertRequests(new Date(hour), 2, 1 + ((hour / HOUR_MS) % 3));
      await this.insertFailures(new Date(hour), 1);
    }
    await this.app.refresh.tick();
    await this.app.refresh.maintain();
  }
}
