import { describe } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { newDatabaseName, type TestDatabase } from './test-database.js';

/** A superuser's URL of a Citus coordinator whose default database knows its workers; undefined where there is none. */
export const CITUS_URL = process.env.TEST_CITUS_URL;

/** Whether every scene's database is to be there, and not only those of the suites for it. */
export const isEverythingOnCitus = CITUS_URL !== undefined && process.env.OPS_TEST_ON_CITUS !== undefined;

/** A suite for a cluster. */
export const describeOnCitus = (title: string, suite: () => void): void => {
  if (CITUS_URL === undefined) {
    describe.skip(`${title} (skipped: TEST_CITUS_URL is not set)`, suite);
  } else {
    describe(title, suite);
  }
};

/** A database that is spread over the nodes of the cluster. */
export interface CitusDatabase extends TestDatabase {
  /** The same database at each worker. */
  readonly workers: readonly string[];
}

export interface Node {
  readonly host: string;
  readonly port: number;
}

/** How the database comes to be. */
interface Layout {
  /** Before the raw tables are distributed, which this module then has made; or after, where `lay` makes them. */
  readonly migrated?: 'before' | 'after';
  /** Where the coordinator finds a worker. */
  readonly reach?: (worker: Node) => Promise<Node>;
}

function at(node: Node | null, database?: string): string {
  if (CITUS_URL === undefined) throw new Error('TEST_CITUS_URL is not set');
  const url = new URL(CITUS_URL);
  if (node !== null) {
    url.hostname = node.host;
    url.port = String(node.port);
  }
  if (database !== undefined) url.pathname = `/${database}`;
  return url.href;
}

async function run<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/**
 * A database of its own on every node of the cluster, whose raw tables `lay` distributes.
 *
 * Citus knows its nodes by database: a new one has to be told of them.
 */
export async function createCitusDatabase(
  label: string,
  lay: (dataSource: DataSource) => Promise<unknown>,
  { migrated = 'before', reach = (worker) => Promise.resolve(worker) }: Layout = {},
): Promise<CitusDatabase> {
  const nodes = await run<Node & { own: boolean }>(
    at(null),
    `SELECT nodename AS host, nodeport AS port, groupid = 0 AS own FROM pg_dist_node
      WHERE noderole = 'primary' ORDER BY groupid`,
  );
  const name = newDatabaseName(label);
  for (const node of nodes) {
    await run(at(node), `CREATE DATABASE ${name}`);
    await run(at(node, name), 'CREATE EXTENSION citus');
  }
  const url = at(null, name);
  for (const node of nodes) {
    const { host, port } = node.own ? node : await reach(node);
    const add = node.own ? 'citus_set_coordinator_host' : 'citus_add_node';
    await run(url, `SELECT ${add}($1, $2::int)`, [host, port]);
  }
  const dataSource = await createDataSource(url).initialize();
  if (migrated === 'before') await migrate(dataSource);
  await lay(dataSource);
  if (migrated === 'after') await migrate(dataSource);
  return {
    url,
    dataSource,
    workers: nodes.filter(({ own }) => !own).map((node) => at(node, name)),
    async drop() {
      await dataSource.destroy();
      // The coordinator first: its maintenance would connect to the workers again.
      for (const node of nodes) await run(at(node), `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}
