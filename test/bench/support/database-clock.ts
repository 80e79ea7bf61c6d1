import type { Scene } from './scene.js';

/** Which hour is closed is decided by the database's clock, so the benchmark goes by it too. */
export async function databaseClock({ client }: Scene): Promise<Date> {
  const { rows } = await client.query<{ now: string }>(
    'SELECT extract(epoch FROM clock_timestamp())::text AS now',
  );
  return new Date(Number(rows[0]?.now) * 1000);
}
