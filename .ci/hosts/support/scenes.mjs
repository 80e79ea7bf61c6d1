import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { check } from './command.mjs';
import { query } from './database.mjs';

const TICK_MS = 60_000;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const MINUTE_MS = 60_000;

const minutesAgo = (minutes) =>
  new Date(Math.floor(Date.now() / MINUTE_MS - minutes) * MINUTE_MS).toISOString();

/** Asks below a prefix, as the user whose key it is. */
const asker =
  (base) =>
  async (path, key, init = {}) => {
    const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) };
    const response = await globalThis.fetch(base + path, { ...init, headers });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  };

/** Nothing that an operator would look into; refused admin requests are logged, and the scenes make some. */
export function logIsClean({ said }, what) {
  const lines = said
    .split('\n')
    .filter((line) => /\b(ERROR|WARN|FATAL)\b|Error:|Warning:/.test(line) && !line.includes('[OpsAdmin]'));
  check(lines.length === 0, `${what} has nothing in its log to look into${lines.join('\n')}`);
}

/** README.md's module on a database without tables. */
export async function asInTheReadme(host, url, key) {
  const ask = asker(host.url);
  check((await ask('/')).text === 'Hello World!', "the app's own page is there");
  check((await ask('/admin/ops/status')).status === 403, 'status is refused without the key');
  const { status, body } = await ask('/admin/ops/status', key);
  check(status === 200 && body.rows.hourly === '0', 'and says with it that there are no rows yet');
  check((await ask('/metrics')).text.includes('ops_rollup_up 1'), '/metrics answers');
  check((await ask('/ops')).text.includes('<!doctype html>'), '/ops is a page');
  const [{ tables }] = await query(
    url,
    `SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public'
      AND tablename IN ('groups', 'usage_logs', 'ops_error_logs', 'ops_metrics_hourly', 'ops_metrics_daily')`,
  );
  check(tables === 5, 'the migrations have made the raw and the metrics tables');
}

/** .ci/hosts/app, with the raw tables and the traffic of raw-tables.sql: below a prefix, with its surroundings. */
export async function withSurroundings(host, url) {
  const ask = asker(`${host.url}/api`);
  const said = JSON.parse(/^ready (.*)$/m.exec(host.said)[1]);
  check(said.latest === null && said.one === 1, 'the exported service and the DataSource of the host answer');

  const health = await ask('/health');
  check(
    health.body?.data?.stuck.length === 0,
    "the host's own answers are wrapped, and public where it says so",
  );
  check((await ask('/admin/ops/status')).status === 401, "the host's global guard refuses who is nobody");
  check((await ask('/admin/ops/status', 'of-vera')).status === 403, 'and its admin guard who is no admin');

  const taken = await ask('/admin/ops/refresh', 'of-olga', { method: 'POST', body: '{}' });
  check(
    taken.status === 202 && taken.headers.get('location') === `/api/admin/ops/refresh/${taken.body.id}`,
    'a refresh is taken, and answered as it is documented',
  );
  const run = await finished(() => ask(`/admin/ops/refresh/${taken.body.id}`, 'of-olga'));
  check(run.state === 'finished' && run.refresh.pendingHours === 0, 'and finishes');

  const overview = await ask(`/admin/ops/overview?from=${minutesAgo(360)}&to=${minutesAgo(0)}`, 'of-olga');
  const { successCount, errorCountSla, tokenConsumed, duration } = overview.body;
  check(
    successCount === 101 && errorCountSla === 1 && String(tokenConsumed) === '1010' && duration.p50 === 51,
    'its numbers are read',
  );
  const wrong = await ask('/admin/ops/overview?from=yesterday&to=today', 'of-olga');
  check(
    wrong.status === 400 && wrong.body.code === 'INVALID_INPUT' && wrong.body.field === 'from',
    'a wrong range is told by name, with a ValidationPipe of the host before',
  );
  const rebuild = { from: minutesAgo(360), to: minutesAgo(60), reason: 'to see it' };
  const accepted = await ask('/admin/ops/rebuilds', 'of-olga', {
    method: 'POST',
    body: JSON.stringify(rebuild),
  });
  check(accepted.status === 202 && accepted.body.state !== undefined, 'a rebuild passes that pipe');

  const metrics = await ask('/metrics');
  check(
    metrics.text.includes('\nops_rollup_up 1') &&
      metrics.headers.get('content-type').startsWith('text/plain'),
    '/metrics is neither refused nor wrapped',
  );
  await isServed(ask);

  const [{ elsewhere, own }] = await query(
    url,
    `SELECT (SELECT count(*)::int FROM pg_tables WHERE tablename LIKE 'ops_metrics%' AND schemaname <> 'ops')
         AS elsewhere,
       (SELECT sum(success_count)::int FROM ops.ops_metrics_hourly WHERE platform IS NULL) AS own`,
  );
  check(elsewhere === 0 && own === 101, 'the metrics are in the schema that was named, and nowhere else');
  await inTheBrowser(`${host.url}/api/ops`);
}

async function finished(progress) {
  for (const until = Date.now() + TICK_MS; Date.now() < until; await sleep(100)) {
    const { body } = await progress();
    if (body.state !== 'running') return body;
  }
  throw new Error('A refresh did not end.');
}

/** The page and all that it loads. */
export async function isServed(ask) {
  const page = await ask('/ops');
  check(
    page.text.includes('<!doctype html>') &&
      page.headers.get('content-security-policy').includes("default-src 'none'"),
    'the dashboard is neither refused nor wrapped',
  );
  const assets = [...page.text.matchAll(/(?:src|href)="(ops\/assets\/[^"]+)"/g)].map(([, path]) => path);
  const answers = await Promise.all(assets.map((path) => ask(`/${path}`)));
  check(
    assets.some((path) => path.endsWith('.js')) &&
      answers.every(({ status, text }) => status === 200 && text !== ''),
    `and neither is what it loads (${assets.length} files)`,
  );
}

/** Signs in, and sees the numbers, where there is a browser. */
async function inTheBrowser(address) {
  if (!existsSync(CHROMIUM)) {
    console.log(`skipped: no browser to look at the dashboard with (${CHROMIUM})`);
    return;
  }
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(address);
    await page.getByLabel('Admin token').fill('of-olga');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForSelector('body[data-state="ready"]');
    check(
      (await page.textContent('body')).includes('101'),
      'the dashboard shows the numbers to who signs in',
    );
    check(complaints.length === 0, `and the browser has nothing to say${complaints.join('\n')}`);
  } finally {
    await browser.close();
  }
}

/** What a bundle has to do: it has everything in it that it needs. */
export async function asABundle(host) {
  const ask = asker(`${host.url}/api`);
  await isServed(ask);
  check((await ask('/admin/ops/status', 'of-olga')).body?.rows?.hourly === '0', 'and status answers');
}
