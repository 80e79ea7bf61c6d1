import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check, run } from './command.mjs';
import { alsoInstalled } from './readme.mjs';

/** What a new app with Nest 11 has. (An engine that a package of Nest 12 asks for makes yarn 1 refuse Node.js 20.) */
const DEPENDENCIES = {
  '@nestjs/common': '^11.0.1',
  '@nestjs/core': '^11.0.1',
  '@nestjs/platform-express': '^11.0.1',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.1',
};

async function newFolder(folder) {
  await mkdir(folder);
  const manifest = {
    name: 'host',
    version: '0.0.0',
    private: true,
    license: 'UNLICENSED',
    dependencies: DEPENDENCIES,
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
}

async function loads(folder, manager) {
  const program = `import('llm-gateway-ops').then((esm) => console.log([require('llm-gateway-ops'), esm]
    .every(({ OpsModule }) => typeof OpsModule === 'function')))`;
  check(
    (await run(process.execPath, ['-e', program], { cwd: folder })) === 'true\n',
    `what ${manager} installs loads, by require and by import`,
  );
}

/**
 * pnpm gives a package what it has declared, and nothing else. What `add` does not ask, `install` without a lock file
 * does: whether a peer is missing.
 */
export async function withPnpm(folder, tarball) {
  await newFolder(folder);
  await writeFile(join(folder, '.npmrc'), 'auto-install-peers=false\nstrict-peer-dependencies=true\n');
  const pnpm = (...args) => run('npx', ['--yes', 'pnpm@10', ...args], { cwd: folder });
  await pnpm('add', '--lockfile-only', tarball, ...alsoInstalled(11));
  await rm(join(folder, 'pnpm-lock.yaml'));
  await pnpm('install');
  console.log('ok: pnpm misses no peer');
  await loads(folder, 'pnpm');
}

/** yarn 1 only warns of a peer that is missing. */
export async function withYarn(folder, tarball) {
  await newFolder(folder);
  const said = await run(
    'npx',
    ['--yes', 'yarn@1', 'add', '--non-interactive', tarball, ...alsoInstalled(11)],
    {
      cwd: folder,
    },
  );
  const missing = said
    .split('\n')
    .filter((line) => /llm-gateway-ops.*(unmet|incorrect) peer dependency/.test(line));
  check(missing.length === 0, `yarn 1 misses no peer${missing.join('\n')}`);
  await loads(folder, 'yarn 1');
}
