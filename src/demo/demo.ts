import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { EnvironmentError, type Environment } from '../config/environment.js';
import { LiveTrafficService } from '../gateway/live-traffic.service.js';
import { RawLogService } from '../gateway/raw-log.service.js';
import { writeSampleTraffic } from '../gateway/sample-traffic/write-sample-traffic.js';
import { RefreshService } from '../ops/index.js';
import { lastHoursTable } from './last-hours-table.js';
import { moving } from './moving.js';

const DEMO_DAYS = 14;
const DEMO_ROWS = 320_000;
const DEMO_SEED = 20_260_101;
const DAY_MS = 86_400_000;

/** Requests per second of the live trickle. */
const LIVE_RATE = 3;

/** A gap shorter than this, after a restart, is not worth filling; milliseconds. */
const SHORTEST_GAP_MS = 60_000;

/** @throws EnvironmentError, since sample traffic must never get into an operator's own database */
export function requireEmbeddedDatabase(environment: Environment): void {
  if (environment.DATABASE_URL !== undefined) {
    throw new EnvironmentError([
      'DATABASE_URL must not be set for the demo: it writes sample traffic, and only ever into the embedded database',
    ]);
  }
}

/** Fills the embedded database with sample traffic up to now, rolls it up, and keeps live traffic going. */
export async function runDemo(app: INestApplicationContext): Promise<void> {
  await app.init();
  const dataSource = app.get<DataSource>(getDataSourceToken(), { strict: false });
  const { from, to, rows } = await missingTraffic(dataSource);
  if (rows > 0) {
    const written = await moving(
      'Writing sample traffic',
      writeSampleTraffic({
        rawLogs: app.get(RawLogService, { strict: false }),
        from,
        to,
        rows,
        seed: DEMO_SEED,
      }),
    );
    console.log(
      `Sample traffic: ${count(written.usageRows)} requests and ${count(written.errorRows)} errors of ` +
        `${written.groups.length} groups, ${from.toISOString()} to ${to.toISOString()}`,
    );
  }
  const refresh = app.get(RefreshService, { strict: false });
  const hourly = await moving('Rolling up', refresh.hourly());
  const daily = await refresh.daily();
  console.log(
    `Rolled up ${count(hourly.drainedHours)} hours in ${count(hourly.ms)} ms; ` +
      `${count(hourly.pendingHours)} pending; daily job in ${count(daily.ms)} ms`,
  );
  console.log(await lastHoursTable(dataSource));
  app.get(LiveTrafficService, { strict: false }).start(LIVE_RATE);
}

/** The whole demo for an empty database; after a restart the time since the last row, at the same rate. */
async function missingTraffic(dataSource: DataSource): Promise<{ from: Date; to: Date; rows: number }> {
  const [row] = await dataSource.query<{ now: number; last: number | null }[]>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now,
      (SELECT (extract(epoch FROM max(created_at)) * 1000)::float8 FROM usage_logs) AS last`,
  );
  const now = row?.now ?? Date.now();
  const from = Math.max(now - DEMO_DAYS * DAY_MS, row?.last ?? 0);
  const gap = now - from;
  return {
    from: new Date(from),
    to: new Date(now),
    rows: gap < SHORTEST_GAP_MS ? 0 : Math.ceil((DEMO_ROWS * gap) / (DEMO_DAYS * DAY_MS)),
  };
}

const count = (value: number): string => value.toLocaleString('en-US');
