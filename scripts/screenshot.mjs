import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/**
 * Makes the README's pictures of the dashboard, light and dark, from a demo of its own that is thrown away. Needs a
 * Chromium: CHROMIUM, or /usr/bin/chromium. Usage: node screenshot.mjs [folder for the pictures] [dist]
 */
const folder = process.argv[2] ?? join(import.meta.dirname, '../docs');
const dist = process.argv[3] ?? join(import.meta.dirname, '../dist');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const token = randomBytes(24).toString('hex');

const dataDir = await mkdtemp(join(tmpdir(), 'ops-screenshot-'));
const demo = spawn(process.execPath, [join(dist, 'src/main.js'), '--demo'], {
  env: { ...process.env, DATABASE_URL: '', OPS_DATA_DIR: dataDir, OPS_ADMIN_TOKEN: token, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await listeningUrl();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    await mkdir(folder, { recursive: true });
    for (const [colorScheme, name] of [
      ['light', 'dashboard.png'],
      ['dark', 'dashboard-dark.png'],
    ]) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 1412 }, colorScheme });
      await page.goto(`${url}/ops?preset=7d`);
      await page.getByLabel('Admin token').fill(token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForSelector('body[data-state="ready"]');
      await page.evaluate('document.activeElement?.blur()');
      await page.screenshot({ path: join(folder, name) });
      console.log(`Wrote ${join(folder, name)}`);
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
