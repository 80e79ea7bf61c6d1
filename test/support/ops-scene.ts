import { expect, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type pg from 'pg';
import type {
  MaintenanceTick,
  OpsModuleOptions,
  OpsStatus,
  RebuildProgress,
  RebuildRequest,
  RefreshTick,
} from '../../src/ops/index.js';
import { DatabaseScene, type DatabaseSettings } from './database-scene.js';
import { eventually } from './eventually.js';
import { createOpsApp, type OpsApp } from './ops-app.js';
import * as refresh from './refresh-scene.js';
import { expectRightBy } from './rollup-check.js';

/** An application with the module's services and without jobs, on a database that is emptied before each test. */
export class OpsScene extends DatabaseScene {
  private started: OpsApp | undefined;

  public constructor(
    label: string,
    private readonly options: OpsModuleOptions = {},
    settings: DatabaseSettings = {},
  ) {
    super(label, settings);
  }

  public get app(): OpsApp {
    if (this.started === undefined) throw new Error('The application is used before it was started');
    return this.started;
  }

  /** Another instance, until the test ends. */
  public async start(options: OpsModuleOptions = {}, poolSize?: number, url = this.url): Promise<OpsApp> {
    const app = await createOpsApp(url, options, poolSize);
    this.defer(() => app.close());
    return app;
  }

  public tick(): Promise<RefreshTick> {
    return this.app.refresh.tick();
  }

  public maintain(): Promise<MaintenanceTick> {
    return this.app.refresh.maintain();
  }

  public status(): Promise<OpsStatus> {
    return this.app.status.status();
  }

  /** What is logged as a warning from now on, until the test ends. */
  public warnings(): readonly string[] {
    const lines: string[] = [];
    const spy = jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      lines.push(String(message));
    });
    this.defer(() => {
      spy.mockRestore();
    });
    return lines;
  }

  /** Successful requests, all at the same moments, with latencies and tokens that differ. */
  public async insertRequests(at: refresh.Moments, count?: number, groupId?: number): Promise<void> {
    await refresh.insertRequests(this.dataSource, at, count, groupId);
  }

  /** Failed requests: one in two is the provider's, without a group, on `platform`. */
  public async insertFailures(at: refresh.Moments, count?: number, platform?: string | null): Promise<void> {
    await refresh.insertFailures(this.dataSource, at, count, platform);
  }

  /** The requests that the hourly table counts, overall, in an hour; null without a row. */
  public storedRequests(hour: Date): Promise<number | null> {
    return refresh.storedRequests(this.dataSource, hour);
  }

  /** Requests and errors of an hour, or of its UTC day, overall; undefined without a row. */
  public async stored(
    at: Date,
    grain: 'hourly' | 'daily' = 'hourly',
  ): Promise<{ requests: number; errors: number } | undefined> {
    const bucket = grain === 'hourly' ? 'bucket_start = $1::timestamptz' : 'bucket_date = $1::date';
    const rows = await this.query<{ requests: number; errors: number }>(
      `SELECT success_count::int AS requests, error_count_total::int AS errors FROM ops_metrics_${grain}
        WHERE ${bucket} AND platform IS NULL AND group_id IS NULL`,
      [at],
    );
    return rows[0];
  }

  /** Every column of the hourly rows before an instant, or of the daily rows before its UTC day, as one text. */
  public async frozen(before: Date, grain: 'hourly' | 'daily' = 'hourly'): Promise<string> {
    const bucket = grain === 'hourly' ? 'bucket_start < $1::timestamptz' : 'bucket_date < $1::date';
    const [row] = await this.query<{ rows: string | null }>(
      `SELECT json_agg(m ORDER BY m.id)::text AS rows FROM ops_metrics_${grain} m WHERE ${bucket}`,
      [before],
    );
    return row?.rows ?? '';
  }

  /** What the log says of a stale hour, or undefined where it is not stale. */
  public loggedHour(hour: Date, before?: Date): Promise<refresh.LoggedHour | undefined> {
    return refresh.loggedHour(this.dataSource, hour, before);
  }

  /** Stale hours, ISO, oldest first. */
  public staleHours(): Promise<string[]> {
    return refresh.staleHours(this.dataSource);
  }

  /** The id up to which detection has accounted for every usage row; null before the first run. */
  public safeId(): Promise<bigint | null> {
    return refresh.safeId(this.dataSource);
  }

  /** Notes an hour as stale. */
  public async note(hour: Date, reason = 'verify'): Promise<void> {
    await this.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1::timestamptz, $2)
       ON CONFLICT (tier, bucket_start) DO NOTHING`,
      [hour, reason],
    );
  }

  /** Lets every pause before a next attempt end. */
  public async endPauses(): Promise<void> {
    await this.query('UPDATE ops_metrics_invalidations SET next_attempt_at = clock_timestamp()');
  }

  /** Takes the locks of UTC days, as an instance that drains them would, until the transaction or the test ends. */
  public async holdDays(from: Date, days?: number): Promise<pg.Client> {
    const holder = await this.connect();
    await refresh.holdDays(holder, from, days);
    return holder;
  }

  /** Removes the raw rows of [from, to), or of the one moment, from both tables. */
  public async purge(from: Date, to = new Date(from.getTime() + 1)): Promise<void> {
    for (const table of ['usage_logs', 'ops_error_logs']) {
      await this.query(
        `DELETE FROM ${table} WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz`,
        [from, to],
      );
    }
  }

  /** Asks an instance for a rebuild, and waits for its end. */
  public async rebuilt(
    request: RebuildRequest,
    of = this.app,
    requestedBy?: string,
  ): Promise<RebuildProgress> {
    const { id } = await of.rebuilds.request(request, requestedBy);
    return this.ended(id, of);
  }

  /** Waits for the end of a rebuild. */
  public async ended(id: string, of = this.app): Promise<RebuildProgress> {
    return eventually(async () => {
      const progress = await of.rebuilds.progress(id);
      return progress.state === 'finished' ? progress : null;
    }, 'an ended rebuild');
  }

  /** Every closed bucket since `from`, or since the first that there is, is what the raw rows give. */
  public async expectRight(from?: Date, to?: Date): Promise<void> {
    const [row] = await this.query<{ first: Date }>(
      `SELECT date_trunc('hour', LEAST((SELECT min(created_at) FROM usage_logs), (SELECT min(created_at) FROM ops_error_logs),
         (SELECT min(bucket_start) FROM ops_metrics_hourly)), 'UTC') AS first`,
    );
    await expectRightBy(this.app, from ?? row?.first ?? new Date(NaN), to ?? (await this.ago(0)));
  }

  /** The same, and no hour that has closed is stale. */
  public async expectAllRight(): Promise<void> {
    const closed = await this.ago(0);
    expect((await this.staleHours()).filter((hour) => new Date(hour) < closed)).toEqual([]);
    await this.expectRight(undefined, closed);
  }

  protected override async open(): Promise<void> {
    await super.open();
    this.started = await this.start(this.options);
  }

  public override async reset(): Promise<void> {
    await refresh.resetScene(this.dataSource);
  }
}
