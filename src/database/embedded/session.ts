import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { SUPERUSER, readPassword } from './cluster.js';
import type { DataFolder } from './data-folder.js';
import { EmbeddedPostgresError, UnusableFolderError, unlessCode } from './errors.js';
import { LOOPBACK } from './free-port.js';
import { findPostmaster, stopServer, type Postmaster } from './postmaster.js';

const DATABASE = 'gateway';
const DUPLICATE_DATABASE = '42P04';
const INVALID_PASSWORD = '28P01';
/** Advisory locks of the database `postgres`, where nobody else has any. */
const IN_USE = 1;
const CREATING = 2;

// Crash recovery after a large load takes minutes, and killing it would only start it over.
const READY_MS = 300_000;
const POLL_MS = 25;
const ANSWER_MS = 10_000;

/** A session that each process keeps open on the server it uses, so that no other process stops that server. */
export interface Session {
  /** Of the database `gateway`, as its superuser. */
  readonly url: string;
  /** The server's. */
  readonly pid: number;
  /** Resolves when the session has ended, as it does with the server. */
  readonly ended: Promise<void>;
  /** Ends the session, and the server with it unless another process still uses that. Throws EmbeddedPostgresError. */
  leave(): Promise<void>;
}

/**
 * Joins the server that runs in the folder, as soon as it takes connections; undefined if none does, or if it ends
 * instead. Throws EmbeddedPostgresError (after 5 minutes, or where the password is wrong), pg's errors.
 */
export async function join(folder: DataFolder): Promise<Session | undefined> {
  for (const deadline = Date.now() + READY_MS; ;) {
    const server = await findPostmaster(folder.pgData);
    if (server === undefined) return undefined;
    const session = await open(folder, server);
    if (session !== undefined) return session;
    if (Date.now() > deadline) {
      const what = `PostgreSQL (pid ${server.pid}) is not ready after 5 minutes: see ${folder.log}`;
      throw new EmbeddedPostgresError(what);
    }
    await sleep(POLL_MS);
  }
}

/** Undefined where the server takes no connections yet, or no more. */
async function open(folder: DataFolder, { pid, port }: Postmaster): Promise<Session | undefined> {
  const password = await readPassword(folder);
  const socket = new Socket();
  const client = new Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: ANSWER_MS,
    stream: () => socket,
    // The log need not tell that the server ended this session when it was stopped.
    options: '-c log_min_messages=panic -c idle_session_timeout=0',
  });
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  // A connection lost between two queries must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Waits for a process that is just stopping the server, and fails when it has.
    await client.query('SELECT pg_advisory_lock_shared($1)', [IN_USE]);
    await ensureDatabase(client);
  } catch (error) {
    await client.end();
    if (!(error instanceof DatabaseError) || error.code?.startsWith('57') === true) return undefined;
    if (error.code !== INVALID_PASSWORD) throw error;
    throw new UnusableFolderError(`${folder.password} is not the password of ${folder.pgData}; restore it`);
  }
  socket.unref();
  return {
    // sslmode: a PGSSLMODE=require meant for another server would break this connection.
    url: `postgresql://${SUPERUSER}:${password}@${LOOPBACK}:${port}/${DATABASE}?sslmode=disable`,
    pid,
    ended,
    leave: async () => {
      socket.ref();
      try {
        // Where that cannot be told any more, the server goes: whoever else uses it starts it again.
        if (await isLast(client).catch(() => true)) await stopServer(folder.pgData, pid);
      } finally {
        await client.end();
      }
    },
  };
}

async function ensureDatabase(client: Client): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
  if (found.rowCount !== 0) return;
  // One at a time: two at once fail in ways of their own.
  await client.query('SELECT pg_advisory_lock($1)', [CREATING]);
  await unlessCode(client.query(`CREATE DATABASE ${DATABASE}`), DUPLICATE_DATABASE);
  await client.query('SELECT pg_advisory_unlock($1)', [CREATING]);
}

/** Gives up our use of the server; whether that was the last. If so, those who come now wait until it has ended. */
async function isLast(client: Client): Promise<boolean> {
  const bounded = { values: [IN_USE], query_timeout: ANSWER_MS };
  await client.query({ ...bounded, text: 'SELECT pg_advisory_unlock_shared($1)' });
  const { rows } = await client.query<{ last: boolean }>({
    ...bounded,
    text: 'SELECT pg_try_advisory_lock($1) AS last',
  });
  return rows[0]?.last === true;
}
