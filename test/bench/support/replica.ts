import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAIN = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
const TOKEN = 'a-token-of-the-benchmark-with-32-characters';
const START_MS = 120_000;

const run = promisify(execFile);
const living = new Set<Replica>();
// What an interrupted run leaves would tick on without a database.
process.once('exit', () => {
  living.forEach((replica) => {
    replica.signal();
  });
});

/** The gateway as a process of its own, with its schedule: what can be killed. */
export class Replica {
  private output = '';
  private url: string | undefined;
  private readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        // An hour of log lines is nothing to keep.
        this.output = (this.output + text).slice(-10_000);
        this.url ??= /^Listening on (\S+)$/m.exec(this.output)?.[1];
      });
    }
    living.add(this);
    this.ended = new Promise((resolve) => {
      child.once('close', () => {
        living.delete(this);
        resolve();
      });
    });
  }

  /** Starts it and waits until it listens. `name` is its application_name in the database. */
  public static async start(
    databaseUrl: string,
    name: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Replica> {
    const url = new URL(databaseUrl);
    url.searchParams.set('application_name', name);
    const { PATH = '', HOME = '' } = process.env;
    const replica = new Replica(
      spawn(process.execPath, [MAIN], {
        env: {
          ...{ PATH, HOME, PORT: '0', LOG_LEVEL: 'warn' },
          ...{ DATABASE_URL: url.href, OPS_ADMIN_TOKEN: TOKEN },
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    const limit = performance.now() + START_MS;
    while (replica.url === undefined) {
      if (replica.child.exitCode !== null || performance.now() > limit) {
        throw new Error(`The replica does not listen:\n${replica.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return replica;
  }

  /** Resident memory in bytes; NaN once it has ended. */
  public async memory(): Promise<number> {
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(this.child.pid)]).catch(() => ({
      stdout: 'gone',
    }));
    return Number(stdout.trim()) * 1024;
  }

  /** The body of an answer. Throws where it is not 200. */
  public async ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.url ?? ''}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: AbortSignal.timeout(60_000),
    });
    const body = await response.text();
    if (!response.ok) {
      const logged = this.output.slice(-500);
      throw new Error(
        `${path} was answered by ${response.status}: ${body.slice(0, 300)}, and logged: ${logged}`,
      );
    }
    return response.headers.get('content-type')?.includes('json') === true
      ? (JSON.parse(body) as unknown)
      : body;
  }

  public signal(): void {
    this.child.kill('SIGKILL');
  }

  /** SIGKILL: not a line of its code runs any more. */
  public async kill(): Promise<void> {
    this.signal();
    await this.ended;
  }
}
