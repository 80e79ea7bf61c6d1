import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../../src/database/embedded/index.js';

/** The server that is measured, with databases of this run's own. */
export interface BenchServer {
  readonly kind: 'embedded' | 'BENCH_DATABASE_URL';
  readonly url: string;
  /** Resolves to the new database's URL. */
  createDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  /** Drops what is left of this run, and stops an embedded server; may be called again. */
  stop(): Promise<void>;
}

/** Throws EmbeddedPostgresError, or pg's error where the server of BENCH_DATABASE_URL cannot be reached. */
export async function openServer(log: (line: string) => void): Promise<BenchServer> {
  const url = process.env.BENCH_DATABASE_URL?.trim() ?? '';
  if (url !== '') {
    return serverAt('BENCH_DATABASE_URL', url, () => Promise.resolve());
  }
  const folder = await mkdtemp(join(tmpdir(), 'ops-bench-'));
  // PostgreSQL's own default, for both sides: a textbook job meets no tuned server.
  const settings = { work_mem: '4MB' };
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data'), settings, log });
  return serverAt('embedded', server.url, async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
}

function serverAt(kind: BenchServer['kind'], url: string, shutDown: () => Promise<void>): BenchServer {
  const databases = new Set<string>();
  const nameOf = (database: string): string => new URL(database).pathname.slice(1);
  const drop = async (database: string): Promise<void> => {
    await run(url, `DROP DATABASE IF EXISTS ${nameOf(database)} WITH (FORCE)`);
    databases.delete(database);
  };
  let stopped: Promise<void> | undefined;
  return {
    kind,
    url,
    async createDatabase() {
      const database = new URL(url);
      database.pathname = `/ops_bench_${randomBytes(4).toString('hex')}`;
      databases.add(database.href);
      await run(url, `CREATE DATABASE ${nameOf(database.href)}`);
      return database.href;
    },
    dropDatabase: drop,
    async stop() {
      stopped ??= Promise.all([...databases].map(drop)).then(shutDown);
      await stopped;
    },
  };
}

async function run(url: string, statement: string): Promise<void> {
  const client = await connect(url);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** One connection, in UTC: the textbook statement cuts its hours in the session's time zone. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
  // A database that is dropped under an idle connection must not end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
