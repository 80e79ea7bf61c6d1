import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectTo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive, readPostmasterPid } from '../support/embedded-postgres.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { connect, insertRequests, resetScene, staleHours, storedRequests } from '../support/refresh-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;
const TOKEN = 'another-token-of-the-tests-with-32-characters';

afterEach(endGatewayProcesses);

function addressOf(gateway: GatewayProcess): { host: string; port: number } {
  const { hostname, port } = new URL(/^Listening on (\S+)$/m.exec(gateway.output)?.[1] ?? 'http://none');
  return { host: hostname, port: Number(port) };
}

/** A connection that is kept open, with all that came on it. */
class Connection {
  public received = '';
  public closed = false;
  private readonly socket: Socket;

  public constructor(private readonly gateway: GatewayProcess) {
    this.socket = connectTo(addressOf(gateway));
    this.socket.setEncoding('utf8');
    this.socket.on('data', (text: string) => (this.received += text));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.closed = true));
  }

  public send(method: string, path: string): void {
    const { host } = addressOf(this.gateway);
    const headers = `Host: ${host}\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: 0`;
    this.socket.write(`${method} ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
  }

  /** Status codes of the answers so far. */
  public get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }
}

/** 'open', or the code of the refusal. */
async function tryToConnect(gateway: GatewayProcess): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTo(addressOf(gateway));
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? 'unknown');
    });
  });
}

describe('a gateway that is asked to stop while it recomputes a day', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('shutdown');
  });
  afterAll(() => database.drop());

  const drainWaits = async (): Promise<boolean> => {
    const [row] = await database.dataSource.query<{ waits: boolean }[]>(
      `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'ops_metrics_hourly'::regclass AND NOT granted) AS waits`,
    );
    return row?.waits === true;
  };

  it('takes nothing new, finishes the day and the requests under way, and exits 0, however often it is asked', async () => {
    await resetScene(database.dataSource);
    const hour = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS);
    await insertRequests(database.dataSource, hour, 5);
    const holder = await connect(database.url);
    await holder.query(
      'BEGIN; LOCK TABLE ops_metrics_hourly IN SHARE MODE; LOCK TABLE ops_runs IN ACCESS EXCLUSIVE MODE',
    );
    const gateway = await GatewayProcess.start(database.url, 'stopping', {
      OPS_ADMIN_TOKEN: TOKEN,
      OPS_LOCK_TIMEOUT_MS: '60000',
    });
    const idle = new Connection(gateway);
    idle.send('GET', '/health');
    await eventually(() => Promise.resolve(idle.statuses.length === 1));
    await eventually(drainWaits, 'a drain at work');
    const busy = new Connection(gateway);
    busy.send('GET', '/admin/ops/verify'); // answered when the lock is given back
    // Answered after the other one has come in.
    for (let i = 1; i <= 3; i += 1) {
      idle.send('GET', '/health');
      await eventually(() => Promise.resolve(idle.statuses.length === 1 + i));
    }
    expect(await tryToConnect(gateway)).toBe('open');

    gateway.signal('SIGTERM');

    await eventually(async () => (await tryToConnect(gateway)) === 'ECONNREFUSED', 'refusing connections');
    await eventually(() => Promise.resolve(idle.closed), 'closing the idle connection');
    gateway.signal('SIGINT');
    gateway.signal('SIGTERM');
    busy.send('GET', '/ready');
    expect(await drainWaits()).toBe(true);
    expect([gateway.runs, busy.closed, busy.statuses]).toEqual([true, false, []]);
    await holder.query('COMMIT');
    await holder.end();

    expect(await gateway.ended).toEqual({ code: 0, signal: null });
    expect(busy.statuses).toEqual([200, 503]);
    expect(gateway.output).not.toMatch(/ERROR|Error:/);
    expect(await storedRequests(database.dataSource, hour)).toBe(5);
    expect(await staleHours(database.dataSource)).not.toContain(hour.toISOString());
  }, 60_000);
});

describe('a gateway with the embedded database', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ops-shutdown-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'closes its pool and then stops the server, on %s',
    async (signal) => {
      const gateway = await GatewayProcess.start('postgres://unused/unused', 'embedded', {
        DATABASE_URL: '',
        OPS_DATA_DIR: folder,
        OPS_ADMIN_TOKEN: TOKEN,
      });
      const pid = await readPostmasterPid(folder);
      expect(pid !== undefined && isAlive(pid)).toBe(true);
      const log = join(folder, 'postgres.log');
      const before = (await readFile(log, 'utf8')).length;

      gateway.signal(signal);
      gateway.signal(signal);

      expect(await gateway.ended).toEqual({ code: 0, signal: null });
      expect(pid !== undefined && isAlive(pid)).toBe(false);
      expect(existsSync(join(folder, 'postgres/postmaster.pid'))).toBe(false);
      const stopped = (await readFile(log, 'utf8')).slice(before);
      expect(stopped).toContain('database system is shut down');
      // What the server says when it has to end sessions, or when a client vanished.
      expect(stopped).not.toMatch(/FATAL|terminating connection|unexpected EOF|could not receive/);
      expect(gateway.output).not.toMatch(/ERROR|Error:/);
    },
    60_000,
  );
});
