import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';

const DIST = join(process.cwd(), 'dist/src');
const TOKEN = 'a-token-of-the-tests-with-32-characters';

const living = new Set<GatewayProcess>();

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Environment of a gateway whose jobs run every second and which treats an hour as closed when it ends. */
const BUSY = {
  OPS_ADMIN_TOKEN: TOKEN,
  PORT: '0',
  OPS_REFRESH_CRON: '* * * * * *',
  OPS_MAINTENANCE_CRON: '*/2 * * * * *',
  OPS_SAFE_DELAY_SECONDS: '0',
  OPS_RECOMPUTE_INTERVAL_SECONDS: '0',
};

/** The gateway, or its command line, as a process of its own: what can be killed, suspended and asked to stop. */
export class GatewayProcess {
  /** Everything it wrote to stdout and stderr. */
  public output = '';
  public readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  private constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const file = join(DIST, program);
    if (!existsSync(file)) throw new Error(`${file} is missing: build first`);
    // Nothing of the developer's own environment but what node itself needs.
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, [file, ...args], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    living.add(this);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        living.delete(this);
        resolve({ code, signal });
      });
    });
  }

  /** Starts it without waiting. */
  public static launch(databaseUrl: string, name: string, env: Record<string, string> = {}): GatewayProcess {
    return new GatewayProcess('main.js', [], { ...BUSY, DATABASE_URL: named(databaseUrl, name), ...env });
  }

  /** Starts it and waits until it listens. `name` is its application_name in the database. */
  public static async start(
    databaseUrl: string,
    name: string,
    env: Record<string, string> = {},
  ): Promise<GatewayProcess> {
    const gateway = GatewayProcess.launch(databaseUrl, name, env);
    await gateway.listening();
    return gateway;
  }

  public static command(databaseUrl: string, args: readonly string[]): GatewayProcess {
    return new GatewayProcess('cli.js', args, { ...BUSY, DATABASE_URL: databaseUrl });
  }

  public async listening(): Promise<void> {
    await eventually(() => {
      if (!this.runs) throw new Error(`The gateway ended before it listened:\n${this.output}`);
      return Promise.resolve(this.url !== undefined);
    });
  }

  public get runs(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  public signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGKILL: not a line of its code runs any more. */
  public async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** The status and the JSON body of an answer of an admin endpoint. */
  public async ask(method: 'GET' | 'POST', path: string, body?: object): Promise<[number, unknown]> {
    if (this.url === undefined) throw new Error('It does not listen yet');
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    return [response.status, await response.json()];
  }

  /** Asks for a rebuild; resolves to its id. */
  public async rebuild(from: Date, to: Date): Promise<string> {
    const [status, body] = await this.ask('POST', '/admin/ops/rebuilds', {
      from: from.toISOString(),
      to: to.toISOString(),
    });
    if (status !== 202) throw new Error(`A rebuild was refused: ${status} ${JSON.stringify(body)}`);
    return (body as { id: string }).id;
  }

  /** Asks for a tick of both jobs; resolves once it has succeeded. */
  public async refresh(): Promise<void> {
    const [status, body] = await this.ask('POST', '/admin/ops/refresh');
    if (status !== 202) throw new Error(`A refresh was refused: ${status} ${JSON.stringify(body)}`);
    const { id } = body as { id: string };
    const state = await eventually(async () => {
      const [, run] = await this.ask('GET', `/admin/ops/refresh/${id}`);
      const { state } = run as { state: string };
      return state === 'running' ? null : state;
    }, `the end of refresh ${id}`);
    if (state !== 'finished') throw new Error(`Refresh ${id} is ${state}`);
  }

  private get url(): string | undefined {
    return /^Listening on (\S+)$/m.exec(this.output)?.[1];
  }
}

/** For afterEach: whatever a failed test left running, suspended or not, is gone afterwards. */
export async function endGatewayProcesses(): Promise<void> {
  await Promise.all([...living].map((gateway) => gateway.kill()));
}

function named(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', name);
  return url.href;
}
