import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';

/** nobody, on every Linux; PostgreSQL and initdb only need that the system has a name for it. */
export const NOBODY = { uid: 65534, gid: 65534 };

const BUILT = join(process.cwd(), 'dist/src/database/embedded/index.js');

// Its own program, so that it can be killed without a chance to clean up.
const PROGRAM = `
  const [module, dataDir] = process.argv.slice(1);
  const say = (line) => console.log(JSON.stringify(line));
  process.on('SIGINT', () => say({ interrupted: true }));
  try {
    const { startEmbeddedPostgres } = await import(module);
    const server = await startEmbeddedPostgres({ dataDir });
    say({ url: server.url, pid: server.pid });
    process.stdin.once('data', async () => { await server.stop(); process.exit(0); });
  } catch (error) {
    say({ message: error.message });
    process.exit(1);
  }
`;

export interface Report {
  readonly url: string;
  readonly pid: number;
  readonly message?: string;
  readonly interrupted?: boolean;
}

/** A process of its own that starts the embedded server of a data folder. */
export class Starter {
  private readonly lines: AsyncIterator<string>;

  constructor(
    readonly dataDir: string,
    identity: { uid?: number; gid?: number } = {},
  ) {
    if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: build first`);
    const args = ['--input-type=module', '-e', PROGRAM, pathToFileURL(BUILT).href, dataDir];
    const env = { ...process.env, NODE_OPTIONS: '' };
    this.process = spawn(process.execPath, args, {
      ...identity,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.process;
    if (stdout === null) throw new Error('no pipe to the child');
    this.lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  readonly process: ChildProcess;

  /** The next line it says: the server it has, its error, or that it was interrupted. */
  async report(): Promise<Report> {
    const line = await this.lines.next();
    if (line.done === true) throw new Error('the child ended without a word');
    return JSON.parse(line.value) as Report;
  }

  async stop(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.stdin?.write('stop\n');
    await ended;
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Whether an ordinary user could run the build at all (not if the project lies in root's private folder). */
export function canRunAsNobody(): boolean {
  const script = 'await import(process.argv[1])';
  const args = ['--input-type=module', '-e', script, pathToFileURL(BUILT).href];
  return isRoot() && spawnSync(process.execPath, args, { ...NOBODY, cwd: '/' }).status === 0;
}

export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'embedded-postgres-'));
}

/** Removes a data folder, after ending whatever a failed test left running in it. */
export async function removeFolder(folder: string, dataDir: string): Promise<void> {
  const pid = await readPostmasterPid(dataDir).catch(() => undefined);
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGQUIT');
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

export async function readPostmasterPid(dataDir: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8'), 10);
  return pid > 0 && pid < 2 ** 30 ? pid : undefined;
}

/** Whether a process runs. A zombie that nobody collects, as in a container without an init, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Runs one statement on a connection of its own; the first column of the first row. */
export async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
