import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';

export interface TestDatabase {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly drop: () => Promise<void>;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: run the tests through jest's global setup.`);
  }
  return value;
}

/** The server that the run uses, as its superuser. */
export function testServerUrl(): string {
  return required('OPS_TEST_SERVER_URL');
}

export async function withServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testServerUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function urlOf(database: string): string {
  const url = new URL(testServerUrl());
  url.pathname = `/${database}`;
  return url.href;
}

export const newDatabaseName = (label: string): string =>
  `ops_test_${label.replace(/[^a-z0-9]/g, '_')}_${randomBytes(4).toString('hex')}`;

/** Creates a database of its own, from the migrated template or empty. Resolves to its name. */
export async function createEmptyDatabase(label: string, template?: string): Promise<string> {
  const name = newDatabaseName(label);
  await withServer(async (client) => {
    await client.query(`CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`);
  });
  return name;
}

export async function dropDatabase(name: string): Promise<void> {
  await withServer(async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

/**
 * A migrated database for one test file, with an initialised DataSource. Set OPS_TEST_KEEP to keep the databases
 * of a run on another server for a look at them.
 */
export async function createTestDatabase(label: string): Promise<TestDatabase> {
  return opened(await createEmptyDatabase(label, required('OPS_TEST_TEMPLATE')));
}

/** A copy of a database of this file, to which nobody may be connected. */
export async function copyDatabase(label: string, of: TestDatabase): Promise<TestDatabase> {
  return opened(await createEmptyDatabase(label, new URL(of.url).pathname.slice(1)));
}

/** The same as a new one, empty and not migrated. */
export async function createUnmigratedDatabase(label: string): Promise<TestDatabase> {
  return opened(await createEmptyDatabase(label));
}

async function opened(name: string): Promise<TestDatabase> {
  const url = urlOf(name);
  const dataSource = await createDataSource(url).initialize();
  return {
    url,
    dataSource,
    async drop() {
      if (dataSource.isInitialized) {
        await dataSource.destroy();
      }
      if (process.env.OPS_TEST_KEEP === undefined) {
        await dropDatabase(name);
      }
    },
  };
}

/** Gives a database a time zone of its own, which reaches the sessions that begin afterwards. */
export async function useTimeZone(dataSource: DataSource, zone: string): Promise<void> {
  await dataSource.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), '${zone}'); END $$`,
  );
}
