import type { OpsModuleOptions, VerifyReport } from '../../src/ops/index.js';
import { OpsScene } from './ops-scene.js';
import { databaseNow } from './rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whole, closed UTC days with rows every two hours, rolled up, above the hours next to the oldest raw rows. */
export class VerifyScene extends OpsScene {
  public static readonly days = 3;
  /** Midnight of the first day. */
  public from = new Date(0);
  /** Midnight of today. */
  public to = new Date(0);
  /** 01:00 of the first day: three requests and two errors of openai, two requests of anthropic. */
  public hour = new Date(0);

  /** Without minutes, unless the options say how long they are kept: their differences would be counted too. */
  public constructor(label: string, options: OpsModuleOptions = {}) {
    super(label, { minuteRetentionHours: 0, ...options });
  }

  public hoursLater(hours: number): Date {
    return new Date(this.hour.getTime() + hours * HOUR_MS);
  }

  /** Verifies the days, by another instance where options are given. */
  public async verify(fix = false, options?: OpsModuleOptions): Promise<VerifyReport> {
    const app = options === undefined ? this.app : await this.start(options);
    return app.verify.verify(this.from, this.to, fix);
  }

  /** Manipulates what is stored; `{hour}` and `{day}` stand for the hour of this scene and its day. */
  public async change(text: string): Promise<void> {
    const at = this.hour.toISOString();
    await this.query(
      text.replaceAll('{hour}', `'${at}'::timestamptz`).replaceAll('{day}', `'${at.slice(0, 10)}'::date`),
    );
  }

  public override async reset(): Promise<void> {
    await super.reset();
    const today = Math.floor((await databaseNow(this.dataSource)).getTime() / DAY_MS) * DAY_MS;
    [this.from, this.to] = [new Date(today - VerifyScene.days * DAY_MS), new Date(today)];
    this.hour = new Date(this.from.getTime() + HOUR_MS);
    const oldest = new Date(this.from.getTime() - 12 * HOUR_MS);
    const hours = Array.from({ length: 12 * VerifyScene.days }, (_, index) => this.hoursLater(2 * index));
    await this.insertRequests([oldest, ...hours]);
    await this.insertRequests(hours, 2, 3);
    await this.insertFailures([oldest, ...hours]);
    await this.app.refresh.tick();
    await this.app.refresh.maintain();
    // The oldest raw rows only set the floors: whoever compares every stored row looks from `from` on.
    await this.query('DELETE FROM ops_metrics_hourly WHERE bucket_start < $1::timestamptz', [this.from]);
    await this.query('DELETE FROM ops_metrics_daily WHERE bucket_date < $1::date', [this.from]);
  }
}
