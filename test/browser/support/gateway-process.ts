import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeSampleTraffic } from '../../../src/gateway/sample-traffic/write-sample-traffic.js';
import { eventually } from '../../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const MAIN = join(import.meta.dirname, '../../../dist/src/main.js');
const HOUR_MS = 3_600_000;
const DAYS = 3;
const ROWS = 15_000;

/** The built gateway, as a process of its own, on a database with three days of sample traffic up to this hour. */
export class GatewayProcess {
  private constructor(
    public readonly url: string,
    public readonly token: string,
    public readonly database: TestDatabase,
    private readonly child: ChildProcess,
  ) {}

  /** The last whole day of hours that are closed, so that nothing in it changes while a test looks at it. */
  public static readonly range = ((): { from: string; to: string } => {
    const to = Math.floor(Date.now() / HOUR_MS - 1) * HOUR_MS;
    const minute = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;
    return { from: minute(to - 24 * HOUR_MS), to: minute(to) };
  })();

  /** @param rows of sample traffic; none leaves the database as the migrations made it */
  public static async start(label: string, rows = ROWS): Promise<GatewayProcess> {
    const database = await createTestDatabase(label);
    const end = Date.parse(GatewayProcess.range.to);
    if (rows > 0) {
      await writeSampleTraffic(database.dataSource, {
        from: new Date(end - DAYS * 24 * HOUR_MS),
        to: new Date(end),
        rows,
        seed: 11,
      });
    }
    const token = randomBytes(24).toString('hex');
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        DATABASE_URL: database.url,
        OPS_ADMIN_TOKEN: token,
        OPS_JOBS_ENABLED: 'false',
        PORT: '0',
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gateway = new GatewayProcess(await listeningUrl(child), token, database, child);
    await gateway.refresh();
    return gateway;
  }

  /** Has everything detected and drained. */
  public async refresh(): Promise<void> {
    const { id } = await this.call<{ id: string }>('refresh', {}, 'POST');
    await eventually(
      async () => (await this.call<{ state: string }>(`refresh/${id}`, {})).state === 'finished',
      'the refresh',
    );
  }

  /** The JSON that an admin endpoint answers. */
  public async call<T>(
    path: string,
    query: Readonly<Record<string, string | readonly string[]>>,
    method = 'GET',
  ): Promise<T> {
    const parameters = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, one])),
    );
    const url = `${this.url}/admin/ops/${path}?${parameters.toString()}`;
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok) {
      throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    }
    return (await response.json()) as T;
  }

  public async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await this.database.drop();
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) {
    throw new Error('The gateway has no standard output');
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^Listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      child.stdout.resume();
      return url;
    }
  }
  throw new Error(`The gateway ended before it listened, with exit code ${child.exitCode ?? 'none'}`);
}
