import type { Scene } from './scene.js';

/** Inserts one usage row at each instant, in one transaction. Their ids are the newest, whatever their dates. */
export async function insertRowsAt({ client }: Scene, instants: readonly Date[]): Promise<void> {
  await client.query(
    `INSERT INTO usage_logs
      (user_id, api_key_id, account_id, model, group_id, input_tokens, stream, duration_ms, first_token_ms, created_at)
    SELECT 1, 1, 1, 'late', (SELECT min(id) FROM groups), 10, true, 900, 120, at FROM unnest($1::timestamptz[]) AS at`,
    [instants.map((instant) => instant.toISOString())],
  );
}
