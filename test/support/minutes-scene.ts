import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { isStaleMinute, liveMinutes } from '../../src/ops/invalidation/sql/live.sql.js';
import { OpsScene } from './ops-scene.js';
import { databaseNow, expectMinutes } from './rollup-check.js';

const MINUTE_MS = 60_000;

/** From and up to when minutes are complete, as answers take it. */
export interface Live {
  readonly from: Date | null;
  readonly through: Date | null;
}

/** What the log says of a minute. */
export interface NotedMinute {
  readonly at: string;
  readonly reason: string;
  readonly stale: boolean;
}

/** A scene whose minutes are looked at. */
export class MinutesScene extends OpsScene {
  public async live(): Promise<Live> {
    const [row] = await this.query<Live>(
      `SELECT minutes_from AS from, live_through AS through FROM ${liveMinutes(OPS_TABLES)} l`,
    );
    return row ?? { from: null, through: null };
  }

  /** Noted minutes, oldest first. */
  public noted(): Promise<NotedMinute[]> {
    return this.query<NotedMinute>(
      `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, reason, ${isStaleMinute} AS stale
         FROM ops_metrics_invalidations i WHERE tier = 'minute' ORDER BY bucket_start`,
    );
  }

  /** The successful requests that a minute counts, overall; null without a row. */
  public async requestsOf(minute: Date): Promise<number | null> {
    const [row] = await this.query<{ count: number }>(
      `SELECT success_count::int AS count FROM ops_metrics_minutely
        WHERE bucket_start = $1::timestamptz AND platform IS NULL AND group_id IS NULL`,
      [minute],
    );
    return row?.count ?? null;
  }

  /** How many minutely rows lie before an instant. */
  public async rowsBefore(instant: Date): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM ops_metrics_minutely WHERE bucket_start < $1::timestamptz',
      [instant],
    );
    return row?.count ?? NaN;
  }

  public now(): Promise<Date> {
    return databaseNow(this.dataSource);
  }

  /** The start of the minute that lies so many minutes before the running one. */
  public async minuteAgo(minutes: number): Promise<Date> {
    return new Date((Math.floor(+(await this.now()) / MINUTE_MS) - minutes) * MINUTE_MS);
  }

  /** Every minute that is kept is what the raw rows give, the running one and later ones included. */
  public expectMinutesRight(): Promise<void> {
    return expectMinutes(this.dataSource, new Date(0), new Date('2200-01-01T00:00:00Z'));
  }

  /** Every closed bucket is right, of every tier, and every minute. */
  public async expectEverythingRight(): Promise<void> {
    await this.expectAllRight();
    await this.expectMinutesRight();
  }
}
