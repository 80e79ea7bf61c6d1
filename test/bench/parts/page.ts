import { Module, type CanActivate } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { chromium, type Browser } from 'playwright-core';
import { dataSourceOptions } from '../../../src/database/data-source.js';
import { OpsModule } from '../../../src/ops/index.js';
import type { Bench, Part } from '../support/bench.js';
import { median, ms } from '../support/numbers.js';
import { rollUp, withOps } from '../support/ops.js';
import type { Section } from '../support/report.js';

const LOADS = 15;

@Module({})
class PageModule {}

class Everybody implements CanActivate {
  public canActivate(): boolean {
    return true;
  }
}

/** Keeps when the page was ready for the first time, in milliseconds from the request for it. */
const WATCH = `sessionStorage.setItem('ops.token', 'anything');
  new MutationObserver(() => {
    if (document.body?.dataset.state === 'ready') window.readyAt ??= performance.now();
  }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-state'] });`;

interface Load {
  readonly painted: number;
  readonly ready: number;
  /** Of script and style, over the wire. */
  readonly bytes: number;
}

/** How long the dashboard takes from the request for it until everything in it is shown, in Chromium. */
export const page: Part = async (bench: Bench): Promise<Section> => {
  const scene = await bench.sparse();
  await withOps(scene, {}, (ops) => rollUp(scene, ops));
  const app = await NestFactory.create(
    {
      module: PageModule,
      imports: [
        TypeOrmModule.forRoot(dataSourceOptions(scene.url)),
        OpsModule.forRoot({ jobsEnabled: false, adminGuard: Everybody }),
      ],
    },
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
  const browser = await chromium.launch({
    executablePath: process.env.OPS_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const url = `${await app.getUrl()}/ops?from=${scene.from.toISOString()}&to=${scene.to.toISOString()}`;
    const first = await loads(browser, url, true);
    const again = await loads(browser, url, false);
    const row = (name: string, of: readonly Load[]): string[] => [
      name,
      ms(median(of.map(({ painted }) => painted))),
      ms(median(of.map(({ ready }) => ready))),
      `${(median(of.map(({ bytes }) => bytes)) / 1000).toFixed(1)} kB`,
    ];
    return {
      title: `The page: ${scene.days} days of ${scene.rows.toLocaleString('en-US')} requests`,
      notes: [
        `Chromium ${browser.version()} without a GPU on the same machine, medians of ${LOADS} loads after three that do not count; from the request ` +
          'for the page. Ready: every number and chart of it is drawn.',
      ],
      head: ['', 'first paint', 'ready', 'script and style'],
      rows: [row('nothing cached', first), row('visited before', again)],
    };
  } finally {
    await browser.close();
    await app.close();
  }
};

async function loads(browser: Browser, url: string, isFirst: boolean): Promise<Load[]> {
  const results: Load[] = [];
  let context = await browser.newContext();
  for (let load = -3; load < LOADS; load += 1) {
    if (isFirst) {
      await context.close();
      context = await browser.newContext();
    }
    const tab = await context.newPage();
    await tab.addInitScript(WATCH);
    await tab.goto(url);
    await tab.waitForSelector('body[data-state="ready"]');
    const result = await tab.evaluate<Load>(`({
      ready: window.readyAt,
      painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      bytes: performance.getEntriesByType('resource').filter(({ name }) => /[.](js|css)$/.test(name))
        .reduce((sum, { transferSize }) => sum + transferSize, 0),
    })`);
    await tab.close();
    if (load >= 0) {
      results.push(result);
    }
  }
  await context.close();
  return results;
}
