import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EnvironmentError, type Environment } from '../config/environment.js';
import { LiveTrafficService, type LiveTrafficPlan } from '../gateway/live-traffic.service.js';
import { SAMPLE_GROUPS } from '../gateway/sample-traffic/catalog.js';
import { databaseOfOthers } from '../gateway/sample-traffic/remove-sample-traffic.js';
import { expectedRequests, writeSampleTraffic } from '../gateway/sample-traffic/write-sample-traffic.js';
import { RefreshService, type OpsModuleOptions } from '../ops/index.js';
import { lastHoursTable } from './last-hours-table.js';
import { moving } from './moving.js';

const DEMO_DAYS = 30;
const DAY_MS = 86_400_000;

/** History and live traffic alike: 16,000 requests a day, as the mean of a week. */
const TRAFFIC: LiveTrafficPlan = { ratePerSecond: 16_000 / 86_400, seed: 20_260_101 };

/** A gap shorter than this, after a restart, is not worth filling; milliseconds. */
const SHORTEST_GAP_MS = 60_000;

/** The demo runs the jobs itself, when there is something to roll up; its first day is a whole one. */
export const DEMO_OPTIONS: OpsModuleOptions = { runJobsAtStart: false, backfillDays: DEMO_DAYS + 1 };

/** @throws EnvironmentError, since sample traffic must never get into an operator's own database */
export function requireEmbeddedDatabase(environment: Environment): void {
  if (environment.DATABASE_URL !== undefined) {
    throw new EnvironmentError([
      'DATABASE_URL must not be set for the demo: it writes sample traffic, and only ever into the embedded database',
    ]);
  }
}

/**
 * Fills the embedded database with sample traffic up to now, rolls it up, and keeps live traffic going.
 *
 * @throws EnvironmentError where that database has been used for something else
 */
export async function runDemo(app: INestApplicationContext): Promise<void> {
  await app.init();
  const dataSource = app.get<DataSource>(getDataSourceToken(), { strict: false });
  if ((await databaseOfOthers(dataSource)) !== null) {
    throw new EnvironmentError([
      'the embedded database holds rows that are no sample traffic, and the demo adds none to them: ' +
        'set OPS_DATA_DIR to a folder of its own',
    ]);
  }
  const missing = missingRange(await readClock(dataSource));
  if (missing !== null) {
    const range = { ...missing, seed: TRAFFIC.seed };
    const rows = await expectedRequests(dataSource, range, TRAFFIC.ratePerSecond);
    const written = await moving(
      `Writing ${count(rows)} requests of sample traffic`,
      writeSampleTraffic(dataSource, { ...range, rows }),
    );
    console.log(
      `Sample traffic: ${count(written.usageRows)} requests and ${count(written.errorRows)} errors of ` +
        `${SAMPLE_GROUPS.length} groups, ${range.from.toISOString()} to ${range.to.toISOString()}`,
    );
  }
  const refresh = app.get(RefreshService, { strict: false });
  const refreshed = await moving('Rolling up', refresh.tick({ asked: true }));
  const maintained = await refresh.maintain();
  console.log(
    `Rolled up ${count(refreshed.drainedHours)} hours in ${count(refreshed.ms)} ms; ` +
      `${count(refreshed.pendingHours)} pending; maintenance in ${count(maintained.ms)} ms`,
  );
  console.log(await lastHoursTable(dataSource));
  app.get(LiveTrafficService, { strict: false }).start(TRAFFIC);
}

/** Milliseconds since 1970, by the database's clock; the last row's time is null where there is none. */
interface Clock {
  readonly now: number;
  readonly last: number | null;
}

async function readClock(dataSource: DataSource): Promise<Clock> {
  const [row] = await dataSource.query<Clock[]>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now,
      (SELECT (extract(epoch FROM max(created_at)) * 1000)::float8 FROM usage_logs) AS last`,
  );
  return row ?? { now: Date.now(), last: null };
}

/** From the start of a UTC day in an empty database; after a restart the time since the last row. */
export function missingRange({ now, last }: Clock): { from: Date; to: Date } | null {
  const start = Math.floor((now - DEMO_DAYS * DAY_MS) / DAY_MS) * DAY_MS;
  const from = Math.max(start, last ?? 0);
  return now - from < SHORTEST_GAP_MS ? null : { from: new Date(from), to: new Date(now) };
}

const count = (value: number): string => value.toLocaleString('en-US');
