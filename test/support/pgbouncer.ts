import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, LOOPBACK } from '../../src/database/embedded/free-port.js';
import { isRoot, NOBODY } from './embedded-postgres.js';
import { eventually } from './eventually.js';

/** Where Debian's package puts it; undefined where it is not installed. */
export const PGBOUNCER = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find((path) => existsSync(path));

export interface PgBouncer {
  /** The same database, by way of the proxy. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Puts a transaction-pooling proxy with `poolSize` server connections in front of a database. */
export async function startPgBouncer(databaseUrl: string, poolSize: number): Promise<PgBouncer> {
  if (PGBOUNCER === undefined) throw new Error('pgbouncer is not installed');
  const server = new URL(databaseUrl);
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), 'ops-test-pgbouncer-'));
  const [config, log] = [join(folder, 'pgbouncer.ini'), join(folder, 'pgbouncer.log')];
  const target = {
    host: server.searchParams.get('host') ?? server.hostname,
    port: server.port === '' ? '5432' : server.port,
    dbname: server.pathname.slice(1),
    user: decodeURIComponent(server.username),
    ...(server.password === '' ? {} : { password: decodeURIComponent(server.password) }),
  };
  const quoted = Object.entries(target).map(([key, value]) => `${key}='${value.replaceAll("'", "''")}'`);
  const lines = [
    '[databases]',
    `pooled = ${quoted.join(' ')}`,
    '[pgbouncer]',
    `listen_addr = ${LOOPBACK}`,
    `listen_port = ${port}`,
    'unix_socket_dir =',
    // Whoever connects is the user above.
    'auth_type = any',
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 200',
    `logfile = ${log}`,
  ];
  await writeFile(config, lines.join('\n'), { mode: 0o600 });
  // It refuses to run as root.
  const identity = isRoot() ? NOBODY : {};
  if (isRoot()) {
    for (const path of [folder, config]) await chown(path, NOBODY.uid, NOBODY.gid);
  }
  const child = spawn(PGBOUNCER, ['-q', config], { ...identity, cwd: '/', stdio: 'ignore' });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${await readFile(log, 'utf8')}`);
      return answers(port);
    }, 'answered by pgbouncer');
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `postgres://anybody@${LOOPBACK}:${port}/pooled`, stop };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK);
  try {
    return await once(socket, 'connect').then(
      () => true,
      () => false,
    );
  } finally {
    socket.destroy();
  }
}
