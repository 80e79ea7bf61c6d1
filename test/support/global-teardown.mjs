import pg from 'pg';

export default async function globalTeardown() {
  const server = globalThis.__OPS_TEST_SERVER__;
  if (server === undefined) {
    return;
  }
  if (process.env.TEST_DATABASE_URL) {
    const admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query(`DROP DATABASE IF EXISTS ${process.env.OPS_TEST_TEMPLATE}`);
    await admin.end();
  }
  await server.stop();
}
