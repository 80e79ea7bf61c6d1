import type { DataSource } from 'typeorm';

/** Writes sample traffic of [from, to); the same for the same seed. */
export { writeSampleTraffic as writeTraffic } from '../../src/gateway/sample-traffic/write-sample-traffic.js';

/** Makes the stored rows wrong in every way that a rebuild has to mend: numbers, a level missing, one too many. */
export async function spoilMetrics(dataSource: DataSource): Promise<void> {
  // As a replica: the triggers of an audit do not take this for a drain. With locks: rows are not updated in the
  // order that a drain takes them in, and the deadlock would be this statement's fault.
  const ofRaw = (table: string): string => `
    UPDATE ${table} SET token_consumed = token_consumed + 7, duration_p50_ms = 1;
    DELETE FROM ${table} WHERE platform IS NOT NULL AND group_id IS NULL;
    INSERT INTO ${table} (bucket_start, platform, success_count)
      SELECT bucket_start, 'vanished', 5 FROM ${table} WHERE platform IS NULL
      ON CONFLICT DO NOTHING;`;
  await dataSource.query(`
    SET LOCAL session_replication_role = replica;
    LOCK TABLE ops_metrics_minutely, ops_metrics_hourly, ops_metrics_daily IN SHARE ROW EXCLUSIVE MODE;
    ${ofRaw('ops_metrics_minutely')}
    ${ofRaw('ops_metrics_hourly')}
    UPDATE ops_metrics_daily SET token_consumed = token_consumed + 7, duration_p50_ms = 1;
  `);
}

/** One usage row and one error row at each instant, in one transaction of the caller's connection. */
export const INSERT_BOTH = `WITH usage AS (
  INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, duration_ms, created_at)
  SELECT 1, 1, 1, 'model', (SELECT min(id) FROM groups), 3, 250, at FROM unnest($1::timestamptz[]) AS at
)
INSERT INTO ops_error_logs (error_phase, error_type, platform, status_code, created_at)
SELECT 'upstream', 'api_error', 'late', 500, at FROM unnest($1::timestamptz[]) AS at`;

/** A small generator of whole numbers, for choices that must be the same in every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    // The constants of Numerical Recipes; the high bits are good enough to pick moments with.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
