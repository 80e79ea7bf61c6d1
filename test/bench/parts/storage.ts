import type { Bench, Part } from '../support/bench.js';
import { megabytes, percent } from '../support/numbers.js';
import { withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { resetMetrics, type Scene } from '../support/scene.js';

const DAYS_A_MONTH = 30;

export interface StoredBytes {
  readonly hourly: number;
  readonly daily: number;
  /** Both raw tables. */
  readonly raw: number;
}

/** With indexes and TOAST, after a plain VACUUM. */
export async function storedBytes({ client }: Scene): Promise<StoredBytes> {
  await client.query('VACUUM ops_metrics_hourly, ops_metrics_daily, usage_logs, ops_error_logs');
  const { rows } = await client.query<Record<keyof StoredBytes, string>>(
    `SELECT pg_total_relation_size('ops_metrics_hourly') AS hourly, pg_total_relation_size('ops_metrics_daily') AS daily,
      pg_total_relation_size('usage_logs') + pg_total_relation_size('ops_error_logs') AS raw`,
  );
  const [row] = rows;
  return { hourly: Number(row?.hourly), daily: Number(row?.daily), raw: Number(row?.raw) };
}

export const storage: Part = async ({ sparse }: Bench): Promise<Section> => {
  const scene = await sparse();
  const rows: string[][] = [];
  for (const distributions of [true, false]) {
    progress(`storage: ${distributions ? 'with' : 'without'} distributions`);
    await resetMetrics(scene);
    await withOps(scene, { distributions }, (ops) => ops.rebuildAll());
    const { hourly, daily, raw } = await storedBytes(scene);
    rows.push([
      distributions ? 'with distributions' : 'without distributions',
      ...[hourly, daily, raw].map((bytes) => megabytes((bytes * DAYS_A_MONTH) / scene.days)),
      percent((hourly + daily) / raw),
    ]);
  }
  return {
    title: 'Storage',
    notes: [
      `Bytes in ${DAYS_A_MONTH} days (measured over ${scene.days}), with indexes and TOAST, after VACUUM. ` +
        'Raw: usage_logs and ops_error_logs.',
    ],
    head: ['', 'hourly', 'daily', 'raw', 'hourly + daily, of the raw tables'],
    rows,
  };
};
