import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { closeDataSource } from '../../../src/database/close-data-source.js';
import { createDataSource } from '../../../src/database/data-source.js';
import { migrate } from '../../../src/database/migrate.js';
import { writeSampleTraffic } from '../../../src/gateway/sample-traffic/write-sample-traffic.js';
import { DAY_MS } from '../../../src/ops/common/utc.js';
import { progress } from './report.js';
import { connect, type BenchServer } from './server.js';

/** A database full of raw logs, nothing rolled up. */
export interface Scene {
  readonly url: string;
  /** A connection beside those of the module. */
  readonly client: pg.Client;
  /** Whole UTC days: the end is the last midnight, so that every hour is closed. */
  readonly from: Date;
  readonly to: Date;
  readonly days: number;
  /** Usage rows. */
  readonly rows: number;
  drop(): Promise<void>;
}

export async function createScene(
  server: BenchServer,
  { rows, days, seed }: { rows: number; days: number; seed: number },
): Promise<Scene> {
  return createSceneOf(server, { rows, days }, async (dataSource, from, to) => {
    await writeSampleTraffic(dataSource, { from, to, rows, seed });
  });
}

/** A scene of other rows than the sample traffic's. */
export async function createSceneOf(
  server: BenchServer,
  { rows, days }: { rows: number; days: number },
  fill: (dataSource: DataSource, from: Date, to: Date) => Promise<void>,
): Promise<Scene> {
  const to = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS);
  const from = new Date(to.getTime() - days * DAY_MS);
  const url = await server.createDatabase();
  progress(`writing ${rows} rows over ${days} days`);
  const dataSource = await createDataSource(url).initialize();
  try {
    await migrate(dataSource);
    await fill(dataSource, from, to);
  } finally {
    await closeDataSource(dataSource);
  }
  const client = await connect(url);
  // Otherwise autovacuum does it in the middle of a round, and the first variant pays for the hint bits.
  await client.query('VACUUM (ANALYZE)');
  return {
    url,
    client,
    from,
    to,
    days,
    rows,
    async drop() {
      await client.end();
      await server.dropDatabase(url);
    },
  };
}

/** The UTC days of a scene, as bound values. */
export function daysOf({ from, days }: Scene): [start: string, end: string][] {
  return Array.from({ length: days }, (_, day) => {
    const start = from.getTime() + day * DAY_MS;
    return [new Date(start).toISOString(), new Date(start + DAY_MS).toISOString()];
  });
}

/** Empties what the module has written, and leaves no dirty page to the next variant. */
export async function resetMetrics({ client }: Scene): Promise<void> {
  await client.query(
    'TRUNCATE ops_metrics_hourly, ops_metrics_daily, ops_metrics_dimension_hourly, ops_metrics_dimension_daily, ops_metrics_invalidations, ops_rebuilds, ops_detect_state, ops_audit_state',
  );
  await client.query('VACUUM ops_metrics_hourly, ops_metrics_daily, ops_metrics_invalidations');
  await client.query('CHECKPOINT');
}
