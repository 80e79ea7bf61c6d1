import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/**
 * One PostgreSQL for the whole run: TEST_DATABASE_URL, or an embedded server in a temporary folder. One migrated
 * template database; every test file clones it (see test-database.ts). The build in dist/ is what runs here, since
 * Jest does not transform a setup file's own imports.
 */
export default async function globalSetup() {
  const server = process.env.TEST_DATABASE_URL
    ? { url: process.env.TEST_DATABASE_URL, stop: async () => undefined }
    : await startEmbedded();
  globalThis.__OPS_TEST_SERVER__ = server;
  try {
    await createTemplate(server.url, `ops_test_template_${process.pid}`);
  } catch (error) {
    await server.stop(); // Jest runs no teardown after a setup that failed
    throw error;
  }
}

async function createTemplate(serverUrl, template) {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${template}`);
  await admin.query(`CREATE DATABASE ${template}`);
  await admin.end();

  const url = new URL(serverUrl);
  url.pathname = `/${template}`;
  const { createDataSource } = await import('../../dist/src/database/data-source.js');
  const { migrate } = await import('../../dist/src/database/migrate.js');
  const dataSource = await createDataSource(url.href).initialize();
  await migrate(dataSource);
  await dataSource.destroy();

  process.env.OPS_TEST_SERVER_URL = serverUrl;
  process.env.OPS_TEST_TEMPLATE = template;
}

async function startEmbedded() {
  const { startEmbeddedPostgres } = await import('../../dist/src/database/embedded/start.js');
  const dataDir = await mkdtemp(join(tmpdir(), 'ops-test-'));
  // Speed over durability, for data that lives as long as the run.
  const settings = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '200',
    max_prepared_transactions: '10',
  };
  const removeFolder = () => rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  try {
    const server = await startEmbeddedPostgres({ dataDir, settings });
    return { url: server.url, stop: () => server.stop().finally(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
