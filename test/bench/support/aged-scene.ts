import { writeSampleTraffic } from '../../../src/gateway/sample-traffic/write-sample-traffic.js';
import type { OpsModuleOptions } from '../../../src/ops/index.js';
import { rollUp, withOps } from './ops.js';
import { progress } from './report.js';
import { createSceneOf, type Scene } from './scene.js';
import type { BenchServer } from './server.js';
import { fillLastHours } from './today.js';

/** Enough for rows of nearly all 46 levels in each hour, with a handful of latencies in each of a group. */
const ROWS_A_DAY = 10_000;
const DAYS_TOGETHER = 365;
/** Autovacuum analyses a table when a tenth of it is new: as long may the statistics know nothing of the latest days. */
const UNKNOWN_SHARE = 0.09;

const COPIED = {
  ops_metrics_hourly: 'bucket_start',
  ops_metrics_daily: 'bucket_date',
  ops_metrics_dimension_hourly: 'bucket_start',
  ops_metrics_dimension_daily: 'bucket_date',
} as const;

/** Raw rows are kept for a month, as by most gateways: what is older are metrics rows only. */
export const AGED_OPTIONS: OpsModuleOptions = {
  rawRetentionDays: { usageLogs: 30, errorLogs: 30 },
  dimensions: ['model'],
};

/**
 * A gateway of some age with 1,000 groups, of which 40 have traffic: two days of it rolled up by the module, and as
 * many copies of the rows of the first of them as it is days old.
 */
export async function createAgedScene(
  server: BenchServer,
  { days, groups, seed }: { readonly days: number; readonly groups: number; readonly seed: number },
): Promise<Scene> {
  const scene = await createSceneOf(server, { rows: ROWS_A_DAY, days: 1 }, async (dataSource, from, to) => {
    await writeSampleTraffic(dataSource, { from, to, rows: ROWS_A_DAY, seed });
    await dataSource.query(
      `INSERT INTO groups (name, platform) SELECT 'quiet-' || n, 'openai'
       FROM generate_series(1, $1::int - (SELECT count(*) FROM groups)) AS n`,
      [groups],
    );
  });
  await fillLastHours(scene);
  await withOps(scene, AGED_OPTIONS, (ops) => rollUp(scene, ops));
  const known = Math.round(days * UNKNOWN_SHARE);
  await copyDays(scene, days - 1, known);
  await scene.client.query('VACUUM (ANALYZE)');
  await copyDays(scene, known, 0);
  await scene.client.query('CHECKPOINT');
  return scene;
}

/** Copies the rows of the scene's day to days before it: from so many days before, the oldest first, to so many. */
async function copyDays({ client, from }: Scene, oldest: number, newest: number): Promise<void> {
  for (const [table, bucket] of Object.entries(COPIED)) {
    const { rows } = await client.query<{ column: string }>(
      `SELECT attname AS column FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('id', $2)`,
      [table, bucket],
    );
    const columns = rows.map(({ column }) => column).join(', ');
    const [day, shifted] =
      bucket === 'bucket_date'
        ? ['bucket_date = $3::date', 'bucket_date - d']
        : [
            `bucket_start >= $3::timestamptz AND bucket_start < $3::timestamptz + interval '24 hours'`,
            `bucket_start - d * interval '24 hours'`,
          ];
    for (let first = oldest; first > newest; first -= DAYS_TOGETHER) {
      progress(`${table}: up to ${first} days ago`);
      await client.query(
        `INSERT INTO ${table} (${bucket}, ${columns}) SELECT ${shifted}, ${columns}
         FROM generate_series($1::int, $2::int, -1) AS d
         CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${day} ORDER BY ${bucket} OFFSET 0) one`,
        [first, Math.max(newest, first - DAYS_TOGETHER) + 1, from.toISOString()],
      );
    }
  }
}
