import Table from 'cli-table3';
import type { DataSource } from 'typeorm';
import { OpsMetricsHourly } from '../ops/index.js';
import { IsNull } from 'typeorm';

const HOURS = 6;

/** The overall rows of the last hours, for a terminal; times in UTC, latencies in milliseconds. */
export async function lastHoursTable(dataSource: DataSource): Promise<string> {
  const rows = await dataSource.getRepository(OpsMetricsHourly).find({
    where: { platform: IsNull(), groupId: IsNull() },
    order: { bucketStart: 'DESC' },
    take: HOURS,
  });
  const table = new Table({
    head: ['hour (UTC)', 'requests', 'errors', 'SLA %', 'tokens', 'p50 ms', 'p95 ms', 'TTFT p95 ms'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const row of rows.toReversed()) {
    const success = Number(row.successCount);
    const sla = Number(row.errorCountSla);
    table.push([
      row.bucketStart.toISOString().slice(0, 16).replace('T', ' '),
      (success + Number(row.errorCountTotal)).toLocaleString('en-US'),
      Number(row.errorCountTotal).toLocaleString('en-US'),
      success + sla === 0 ? '' : ((100 * success) / (success + sla)).toFixed(2),
      BigInt(row.tokenConsumed).toLocaleString('en-US'),
      row.durationP50Ms ?? '',
      row.durationP95Ms ?? '',
      row.ttftP95Ms ?? '',
    ]);
  }
  return table.toString();
}
