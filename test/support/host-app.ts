import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = process.cwd();

/** What a fresh Nest app has besides this package. */
const HOST_PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/schedule',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  '@types/node',
  'class-transformer',
  'class-validator',
  'pg',
  'reflect-metadata',
  'rxjs',
  'typeorm',
] as const;

export interface RunningHost {
  /** What the host printed when it listened. */
  readonly said: { url: string; latest: string | null; one: number };
  stop(): Promise<number | null>;
}

/** A Nest app in a folder of its own that has installed the package made by `npm pack`. */
export class HostApp {
  private constructor(private readonly folder: string) {}

  /** Packs, installs and compiles. */
  public static async create(): Promise<HostApp> {
    const folder = await mkdtemp(join(tmpdir(), 'ops-host-'));
    const app = new HostApp(folder);
    // The build that the tests run on is the one to pack.
    const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const [tarball] = JSON.parse(packed.stdout) as { filename: string }[];
    await cp(join(ROOT, 'test/fixtures/host-app'), folder, { recursive: true });
    const versions = await Promise.all(
      HOST_PACKAGES.map(async (name) => {
        const manifest = await readFile(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
        return `${name}@${(JSON.parse(manifest) as { version: string }).version}`;
      }),
    );
    await run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        join(folder, tarball?.filename ?? ''),
        ...versions,
      ],
      { cwd: folder },
    );
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      cwd: folder,
    });
    return app;
  }

  /** Names of the packages that were installed. */
  public async installed(): Promise<string[]> {
    const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: this.folder });
    return stdout.split('\n').map((path) => path.split('node_modules/').at(-1) ?? '');
  }

  public async start(databaseUrl: string, adapter: 'express' | 'fastify'): Promise<RunningHost> {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: this.folder,
      env: { PATH, HOME, DATABASE_URL: databaseUrl, HOST_ADAPTER: adapter },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('{')) {
        return { said: JSON.parse(line) as RunningHost['said'], stop: () => stop(child) };
      }
      complaint += `${line}\n`;
    }
    throw new Error(`The host app did not start:\n${complaint}`);
  }

  public async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'close') as Promise<[number | null]>;
  child.kill('SIGTERM');
  const [code] = await ended;
  return code;
}
