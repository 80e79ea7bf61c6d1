import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/**
 * Makes the pictures of the dashboard in the docs, its ten main states, from a demo of its own that is thrown away. Needs
 * a Chromium: CHROMIUM, or /usr/bin/chromium-headless-shell. Usage: node screenshot.mjs [folder for the pictures] [dist]
 */
const folder = process.argv[2] ?? join(import.meta.dirname, '../docs');
const dist = process.argv[3] ?? join(import.meta.dirname, '../dist');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const token = randomBytes(24).toString('hex');

/** Points into a chart, so far from its left as a share of its width. */
const point = (chart, share) => async (page) => {
  const box = await page.locator(`[data-chart="${chart}"] .u-over`).boundingBox();
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2);
  await page.locator('.chart-tooltip').waitFor();
};
/** Scrolls a section to the top, below the toolbar. */
const show = (id) => (page) => page.evaluate(`scrollTo(0, document.getElementById('${id}').offsetTop - 60)`);

const STATES = [
  { name: 'dashboard', query: 'preset=7d', height: 1412 },
  { name: 'dashboard-dark', query: 'preset=7d', height: 1412, colorScheme: 'dark' },
  { name: 'screens/split', query: 'preset=24h&split=model', act: point('requests', 0.55) },
  {
    name: 'screens/isolated',
    query: 'preset=24h&split=platform&only=openai&only=anthropic',
    act: show('charts'),
  },
  { name: 'screens/compare', query: 'preset=24h&compare=week', act: point('duration', 0.3), height: 1200 },
  {
    name: 'screens/filter',
    query: 'preset=24h&dimension=model&key=gpt-4.1',
    async act(page) {
      await page.locator('#filter-model').click();
      await page.getByRole('combobox', { name: 'Search Model' }).fill('gpt');
      await page.locator('[role="option"]').first().waitFor();
    },
    height: 640,
  },
  {
    name: 'screens/breakdown',
    query: 'preset=7d&by=model&sort=sla&requests=error',
    act: show('breakdown'),
  },
  {
    name: 'screens/operations',
    query: 'page=operations',
    async act(page) {
      for (const name of ['Start rebuild', 'Verify']) {
        await page.getByRole('button', { name, exact: true }).click();
        await page.waitForTimeout(3000);
      }
    },
  },
  { name: 'screens/phone', query: 'preset=24h', width: 390, height: 1400 },
  {
    name: 'screens/old',
    query: 'preset=24h',
    async act(page) {
      await page.route('**/admin/ops/**', () => undefined);
      await page.getByRole('button', { name: '7 d' }).click();
    },
    height: 900,
  },
];

const dataDir = await mkdtemp(join(tmpdir(), 'ops-screenshot-'));
const demo = spawn(process.execPath, [join(dist, 'src/main.js'), '--demo'], {
  env: { ...process.env, DATABASE_URL: '', OPS_DATA_DIR: dataDir, OPS_ADMIN_TOKEN: token, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await listeningUrl();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    await mkdir(join(folder, 'screens'), { recursive: true });
    for (const { name, query, act, width = 1440, height = 1000, colorScheme = 'light' } of STATES) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      await page.goto(`${url}/ops?${query}`);
      await page.getByLabel('Admin token').fill(token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForSelector('body[data-state="ready"]');
      await page.evaluate('document.activeElement?.blur()');
      await act?.(page);
      await page.screenshot({ path: join(folder, `${name}.png`) });
      console.log(`Wrote ${join(folder, `${name}.png`)}`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
} finally {
  if (demo.exitCode === null) {
    demo.kill('SIGTERM');
    await once(demo, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true });
}

async function listeningUrl() {
  for await (const line of createInterface({ input: demo.stdout })) {
    const url = /^Listening on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) {
      demo.stdout.resume();
      return url;
    }
  }
  throw new Error(`The demo ended before it listened, with exit code ${demo.exitCode}`);
}
