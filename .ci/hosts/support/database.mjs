import pg from 'pg';
import setUp from '../../../test/support/global-setup.mjs';
import tearDown from '../../../test/support/global-teardown.mjs';

/** The server of the tests: TEST_DATABASE_URL's, or an embedded one. Resolves to how it is stopped. */
export async function startServer() {
  await setUp();
  return tearDown;
}

/** Gives the work the URL of an empty database, which is dropped afterwards. */
export async function withDatabase(name, work) {
  const server = new pg.Client({ connectionString: process.env.OPS_TEST_SERVER_URL });
  await server.connect();
  const database = `ops_host_${name}_${process.pid}`;
  const url = new URL(process.env.OPS_TEST_SERVER_URL);
  url.pathname = database;
  try {
    await server.query(`CREATE DATABASE ${database}`);
    return await work(url.href);
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await server.end();
  }
}

export async function query(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
