import type { DataSource } from 'typeorm';
import type { OpsApp } from './ops-app.js';
import * as scene from './refresh-scene.js';
import { databaseNow } from './rollup-check.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const VERIFY_DAYS = 3;

export interface VerifyScene {
  /** Midnight of the first day. */
  readonly from: Date;
  /** Midnight of today. */
  readonly to: Date;
  /** 01:00 of the first day: three requests and two errors of openai. */
  readonly hour: Date;
}

/** Whole, closed UTC days with rows every two hours, rolled up, above the hours next to the oldest raw rows. */
export async function fillVerifyScene(dataSource: DataSource, app: OpsApp): Promise<VerifyScene> {
  await scene.resetScene(dataSource);
  const today = Math.floor((await databaseNow(dataSource)).getTime() / DAY_MS) * DAY_MS;
  const [from, to] = [new Date(today - VERIFY_DAYS * DAY_MS), new Date(today)];
  const hour = new Date(from.getTime() + HOUR_MS);
  const oldest = new Date(from.getTime() - 12 * HOUR_MS);
  await scene.insertRequests(dataSource, oldest);
  await scene.insertFailures(dataSource, oldest);
  for (let at = hour.getTime(); at < to.getTime(); at += 2 * HOUR_MS) {
    await scene.insertRequests(dataSource, new Date(at));
    await scene.insertRequests(dataSource, new Date(at), 2, 3);
    await scene.insertFailures(dataSource, new Date(at));
  }
  await app.refresh.tick();
  await app.refresh.maintain();
  // The oldest raw rows only set the floors: whoever compares every stored row looks from `from` on.
  await dataSource.query('DELETE FROM ops_metrics_hourly WHERE bucket_start < $1::timestamptz', [
    from.toISOString(),
  ]);
  await dataSource.query('DELETE FROM ops_metrics_daily WHERE bucket_date < $1::date', [
    from.toISOString().slice(0, 10),
  ]);
  return { from, to, hour };
}

/** Manipulates what is stored; `{hour}` and `{day}` stand for those of `at`. */
export async function changeStored(dataSource: DataSource, text: string, at: Date): Promise<void> {
  await dataSource.query(
    text
      .replaceAll('{hour}', `'${at.toISOString()}'::timestamptz`)
      .replaceAll('{day}', `'${at.toISOString().slice(0, 10)}'::date`),
  );
}
