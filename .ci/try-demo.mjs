// usage: node try-demo.mjs <data folder>
// Starts the demo as a newcomer does, asks it over HTTP, ends it as Ctrl-C does, and sees that nothing is left.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 180_000;
const STOP_MS = 60_000;
const dataDir = process.argv[2];
const pidFile = join(dataDir, 'postgres/postmaster.pid');

/** The caller's settings would be another demo. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(DATABASE_URL|HOST|OPS_|LOG_)/.test(name)),
);

rmSync('dist', { recursive: true, force: true }); // a newcomer has not built anything

const started = Date.now();
// A process group of its own, as a terminal gives it: Ctrl-C reaches npm, its shell and the app together.
const demo = spawn('npm', ['run', 'demo'], {
  env: { ...env, OPS_DATA_DIR: dataDir, PORT: '0' },
  stdio: ['ignore', 'pipe', 'pipe'],
  detached: true,
});
let output = '';
let progress = '';
demo.stderr.setEncoding('utf8').on('data', (text) => {
  progress += text;
  process.stderr.write(text);
});
demo.stdout.setEncoding('utf8').on('data', (text) => {
  output += text;
  process.stdout.write(text);
});
const closed = once(demo, 'close'); // all of the group that could write has ended

function check(holds, what) {
  if (!holds) throw new Error(`demo: ${what}`);
  console.log(`ok: ${what}`);
}

async function listening() {
  while (Date.now() - started < START_MS) {
    const url = /^Listening on (\S+)$/m.exec(output)?.[1];
    const token = /token +(\w+)/.exec(output)?.[1];
    if (url !== undefined && token !== undefined) return { url, token };
    if (demo.exitCode !== null) throw new Error('demo: it ended before it listened');
    await sleep(100);
  }
  throw new Error(`demo: it did not listen within ${START_MS / 1000} s`);
}

/** The address and the token are the last that is said, within a few lines. */
function looksAtTheEnd({ url, token }) {
  const end = output.trimEnd().split('\n').slice(-8).join('\n');
  check(end.includes(url) && end.includes(token), 'the address and the token stand at the end');
  check(!/RouterExplorer|InstanceLoader/.test(output), 'no list of routes is in the way');
  check(
    /^Building \.+/m.test(progress) && /^Writing [\d,]+ requests of sample traffic \.*/m.test(progress),
    'something moves',
  );
}

async function ask({ url, token }) {
  const get = (path, headers = {}) => globalThis.fetch(url + path, { headers });
  check((await get('/health')).status === 200, 'GET /health is 200');
  check((await get('/ready')).status === 200, 'GET /ready is 200');
  check((await get('/admin/ops/status')).status === 401, 'GET /admin/ops/status is 401 without the token');
  const answer = await get('/admin/ops/status', { authorization: `Bearer ${token}` });
  check(answer.status === 200, 'and 200 with it');
  const status = await answer.json();
  check(
    Number(status.rows.hourly) > 1_000 && Number(status.rows.daily) > 100,
    'there are hourly and daily rows',
  );
  check(status.invalidations.failing === 0, 'and no failing bucket');
  const admin = async (path) =>
    (await get(`/admin/ops/${path}`, { authorization: `Bearer ${token}` })).json();
  const daysAgo = (days) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 16)}Z`;
  const month = await admin(`trend?from=${daysAgo(29.9)}&to=${daysAgo(0)}&bucket=day`);
  check(
    month.points.length >= 30 && month.points.every((point) => point.successCount > 0),
    'every day of the last 30 has requests',
  );
  const overview = await admin(`overview?from=${daysAgo(29.9)}&to=${daysAgo(0)}`);
  check(overview.sla > 0.99 && overview.sla < 1, 'and an SLA that is healthy, with errors to see');
}

/** The command line beside it, on the build that is there. */
function askByCommand() {
  const built = statSync('dist').ctimeMs;
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'ops', '--', 'status', '--json'], {
    env: { ...env, OPS_DATA_DIR: dataDir },
    encoding: 'utf8',
  });
  check(
    status === 0 && Number(JSON.parse(stdout).rows.hourly) > 1_000,
    'npm run ops -- status sees the same',
  );
  check(statSync('dist').ctimeMs === built, 'and has not built anything');
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    // One that has ended waits as a zombie where nobody takes its exit code: in a container without an init.
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function interrupt() {
  const postgres = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  process.kill(-demo.pid, 'SIGINT');
  const inTime = await Promise.race([closed.then(() => true), sleep(STOP_MS, false, { ref: false })]);
  check(inTime, 'it ends when it is interrupted');
  check(!existsSync(pidFile) && !isAlive(postgres), 'and so has its PostgreSQL');
}

try {
  const at = await listening();
  console.log(`ok: the demo serves after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  looksAtTheEnd(at);
  await ask(at);
  askByCommand();
  await interrupt();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  if (isAlive(-demo.pid)) process.kill(-demo.pid, 'SIGKILL');
}
