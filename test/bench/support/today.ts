import { HOUR_MS } from '../../../src/ops/common/utc.js';
import { databaseClock } from './database-clock.js';
import type { Scene } from './scene.js';

const HOURS = 3;
/** Start of the copied hours, before the end of the scene's last day: 14:00, the busiest. */
const COPIED_FROM_MS = 10 * HOUR_MS;

const COLUMNS = {
  usage_logs: `user_id, api_key_id, account_id, request_id, model, group_id, input_tokens, output_tokens,
    cache_creation_tokens, cache_read_tokens, total_cost, actual_cost, stream, duration_ms, first_token_ms`,
  ops_error_logs: `request_id, user_id, api_key_id, account_id, group_id, platform, model, error_phase, error_type,
    severity, status_code, upstream_status_code, error_owner, is_business_limited, error_message`,
} as const;

/** Copies the raw rows of so many milliseconds, from an instant on, to so many milliseconds later. */
export async function copyRows(
  runner: { query(text: string, values: unknown[]): Promise<unknown> },
  from: Date,
  lengthMs: number,
  shiftMs: number,
): Promise<void> {
  for (const [table, columns] of Object.entries(COLUMNS)) {
    await runner.query(
      `INSERT INTO ${table} (${columns}, created_at)
      SELECT ${columns}, created_at + make_interval(secs => $3::float8) FROM ${table}
      WHERE created_at >= $1 AND created_at < $2 ORDER BY created_at`,
      [from.toISOString(), new Date(from.getTime() + lengthMs).toISOString(), shiftMs / 1000],
    );
  }
}

/**
 * Gives the last three closed hours the traffic of a working day's busiest three, as if the gateway had been running up
 * to now: what the textbook's tick recomputes. In the first three hours of a UTC day some of them belong to the day
 * before.
 *
 * @returns the end of the last closed hour
 */
export async function fillLastHours(scene: Scene): Promise<Date> {
  const now = await databaseClock(scene);
  const closed = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  const start = scene.to.getTime() - COPIED_FROM_MS;
  const shift = closed - HOURS * HOUR_MS - start;
  await copyRows(scene.client, new Date(start), HOURS * HOUR_MS, shift);
  for (const table of Object.keys(COLUMNS)) {
    await scene.client.query(`VACUUM (ANALYZE) ${table}`);
  }
  return new Date(closed);
}
