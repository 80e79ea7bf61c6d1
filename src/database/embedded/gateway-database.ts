import { Client } from 'pg';
import { SUPERUSER } from './cluster.js';
import type { DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, codeOf, unlessCode } from './errors.js';
import { LOOPBACK } from './free-port.js';

const DATABASE = 'gateway';
const DUPLICATE_DATABASE = '42P04';
const INVALID_PASSWORD = '28P01';

/** Makes the gateway's database unless it exists, and returns its URL. Throws DATA_DIR_UNUSABLE, pg's errors. */
export async function ensureGatewayDatabase(
  folder: DataFolder,
  port: number,
  password: string,
): Promise<string> {
  const client = new Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 10_000,
  });
  // A connection lost between two queries must fail the next one, not the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0)
      await unlessCode(client.query(`CREATE DATABASE ${DATABASE}`), DUPLICATE_DATABASE);
  } catch (error) {
    if (codeOf(error) !== INVALID_PASSWORD) throw error;
    throw new EmbeddedPostgresError(
      'DATA_DIR_UNUSABLE',
      `${folder.password} is not the password of ${folder.pgData}: restore it or move the folder away.`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
  // sslmode: a PGSSLMODE=require meant for another server would break this connection.
  return `postgresql://${SUPERUSER}:${password}@${LOOPBACK}:${port}/${DATABASE}?sslmode=disable`;
}
