import type { DataSource } from 'typeorm';
import { AdminClient } from './admin-client.js';
import * as scene from './refresh-scene.js';
import { hoursAgo } from './rollup-check.js';

/** A gateway with limits that a test can run into: 50 days for one rebuild, 30 days of raw rows. */
export async function startLimitedAdmin(databaseUrl: string): Promise<AdminClient> {
  return AdminClient.start(databaseUrl, {
    OPS_MAX_REBUILD_DAYS: '50',
    OPS_USAGE_RETENTION_DAYS: '30',
    OPS_ERROR_RETENTION_DAYS: '30',
  });
}

/** Rows every seven hours of the last 60, nothing rolled up; the hours from first to last. */
export async function fillRecentHours(dataSource: DataSource): Promise<[from: Date, to: Date]> {
  await scene.resetScene(dataSource);
  const range: [Date, Date] = [await hoursAgo(dataSource, 60), await hoursAgo(dataSource, 0)];
  for (let hours = 1; hours <= 60; hours += 7) {
    await scene.insertRequests(dataSource, await hoursAgo(dataSource, hours));
    await scene.insertFailures(dataSource, await hoursAgo(dataSource, hours));
  }
  return range;
}
