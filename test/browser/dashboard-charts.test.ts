import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { milliseconds, perSecond, slaPercent } from '../../src/ops/dashboard/client/format.js';
import type { Breakdown, LatencyDistribution, Series, Trend } from '../../src/ops/read/read.types.js';
import { BUCKET_MS } from '../../src/ops/read/trend-buckets.js';
import { Dashboard, DashboardFixture, describeInBrowser, type OpenOptions } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';
import { answerSeries, SERIES_KEYS, seriesValue } from './support/series.js';

describeInBrowser('dashboard: charts', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_charts');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  afterEach(async () => {
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  const open = async (rest: Record<string, string> = {}, options: OpenOptions = {}): Promise<void> => {
    dashboard = await fixture.open({ ...options, query: Dashboard.rangeQuery(rest), signedIn: false });
    await answerSeries(dashboard, fixture.gateway);
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
  };
  const chart = (id: string): Locator => dashboard.page.locator(`[data-chart="${id}"]`);
  const entry = (id: string, name: string): Locator =>
    chart(id)
      .locator('.legend button')
      .filter({ has: dashboard.page.getByText(name, { exact: true }) });
  const pressed = (id: string): Promise<string[]> =>
    chart(id).locator('.legend [aria-pressed="true"] span').allInnerTexts();
  const tooltip = (): Locator => dashboard.page.locator('.chart-tooltip');
  const told = async (): Promise<string[][]> => {
    const rows = await tooltip().locator('tr').all();
    return Promise.all(rows.map((row) => row.locator('th, td:last-child').allInnerTexts()));
  };
  const hover = async (id: string, share: number): Promise<{ x: number; y: number; width: number }> => {
    const over = chart(id).locator('.u-over');
    await over.scrollIntoViewIfNeeded();
    const box = (await over.boundingBox()) ?? { x: 0, y: 0, width: 0 };
    await dashboard.page.mouse.move(box.x + box.width * share - 3, box.y + 40);
    await dashboard.page.mouse.move(box.x + box.width * share, box.y + 40);
    return box;
  };
  const rows = async (id: string): Promise<string[][]> => {
    await chart(id).locator('summary').click();
    await chart(id).locator('tbody tr').first().waitFor();
    return dashboard.rows(`[data-chart="${id}"]`);
  };

  test('split, each chart has a series for each of the busiest keys and for the rest', async () => {
    await open();
    await dashboard.page.getByLabel('Series by').selectOption('model');
    await dashboard.settled();
    expect((await dashboard.query()).get('split')).toBe('model');
    const names = [...SERIES_KEYS.slice(0, 4), '(empty)', 'other 7'];
    const colors = new Set<string>();
    for (const [id, kind, note] of [
      ['requests', 'stack', 'per second'],
      ['sla', 'lines', 'by model'],
      ['client-errors', 'stack', 'count per point, by model'],
      ['duration', 'lines', 'p95'],
    ] as const) {
      expect(await chart(id).locator('.legend button span').allInnerTexts()).toEqual(names);
      expect(await chart(id).locator('.plot').getAttribute('data-kind')).toBe(kind);
      expect(await chart(id).locator('header .note').innerText()).toContain(note);
      colors.add(
        await chart(id).evaluate((card) =>
          [...card.querySelectorAll('.swatch')].map((one) => getComputedStyle(one).backgroundColor).join(),
        ),
      );
    }
    expect(colors.size).toBe(1);
    await hover('requests', 0.5);
    const each = names.map((name, rank) => [name, perSecond(seriesValue('requestsPerSecond', rank))]);
    expect(await told()).toEqual([...each, ['total', perSecond(21_000)]]);
    const [first] = await rows('duration');
    expect(first?.slice(1)).toEqual(names.map((_, rank) => milliseconds(seriesValue('duration.p95', rank))));
    // Costs are text in the answer.
    await dashboard.page.getByRole('button', { name: 'Cost and speed' }).click();
    await dashboard.settled();
    await hover('cost', 0.5);
    expect((await told()).at(-1)).toEqual(['total', '21\u00a0k']);
  });

  test('the series are those of the API', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery({ split: 'platform' }) });
    const query = { by: 'platform', measures: 'tokensPerSecond' };
    const { series, starts } = await dashboard.answer<Series>('series', query);
    expect(series.length).toBeGreaterThan(2);
    const shown = await rows('tokens');
    const valueOf = (at: number) => (one: Series['series'][number]) =>
      perSecond(one.values.tokensPerSecond?.[at] as number | null);
    expect(shown.map((cells) => cells.slice(1))).toEqual(starts.map((_, at) => series.map(valueOf(at))));
    expect(await chart('tokens').locator('canvas').count()).toBe(1);
  });

  test('an entry of the legend isolates in all charts, others are added, and the page can be filtered for them', async () => {
    await open({ split: 'model' });
    await entry('requests', 'claude').click();
    expect(await pressed('duration')).toEqual(['claude']);
    expect((await dashboard.query()).getAll('only')).toEqual(['claude']);
    await hover('requests', 0.5);
    expect((await told()).map(([name]) => name)).toEqual(['claude', 'total']);
    await entry('duration', 'gemini').click({ modifiers: ['Shift'] });
    expect(await pressed('requests')).toEqual(['claude', 'gemini']);
    await entry('sla', 'gpt-4.1').focus();
    await dashboard.page.keyboard.press('Shift+Enter');
    expect(await pressed('requests')).toEqual(['gpt-4.1', 'claude', 'gemini']);
    await dashboard.page.keyboard.press('Enter');
    expect(await pressed('requests')).toEqual(['gpt-4.1']);
    await dashboard.page.keyboard.press('Enter');
    expect(await pressed('requests')).toEqual([]);
    // The rest is no key to filter for.
    const filter = dashboard.page.getByRole('button', { name: 'Filter the page to these' });
    await entry('requests', 'other 7').click();
    expect(await filter.isVisible()).toBe(false);
    await entry('requests', 'claude').click();
    await entry('requests', '(empty)').click({ modifiers: ['Control'] });
    await filter.click();
    await dashboard.settled();
    const query = await dashboard.query();
    expect([query.get('dimension'), query.getAll('key'), query.getAll('only')]).toEqual([
      'model',
      ['claude', ''],
      [],
    ]);
  });

  test('where there are no such series, it says why and what can be done', async () => {
    const { items } = await fixture.gateway.call<Breakdown>('breakdown', {
      ...GatewayProcess.range,
      by: 'account',
    });
    await open({ split: 'model', dimension: 'account', key: items[0]?.key ?? '' });
    const problem = dashboard.page.locator('#split-problem');
    expect(await problem.innerText()).toContain('Numbers by model are not kept of one account alone.');
    expect(await chart('requests').locator('.legend button').count()).toBe(1);
    await problem.getByRole('button', { name: 'Remove the filter' }).click();
    await dashboard.settled();
    expect(await problem.count()).toBe(0);
    expect(await chart('requests').locator('.legend button').count()).toBe(6);
  });

  test('one tooltip has everything at that point, inside the window, and Escape hides it', async () => {
    await open();
    const { points, bucket } = await dashboard.answer<Trend>('trend');
    const box = await hover('ttft', 0.999);
    const last = points.at(-1);
    const percentiles = ['p50', 'p90', 'p95', 'p99'] as const;
    expect(await told()).toEqual(percentiles.map((at) => [at, milliseconds(last?.ttft[at])]));
    const end = new Date(Date.parse(last?.from ?? '') + BUCKET_MS[bucket]).toISOString().slice(11, 16);
    expect(await tooltip().locator('p').innerText()).toMatch(new RegExp(`– ${end} UTC$`));
    expect(await dashboard.page.locator('.chart-tooltip:popover-open').count()).toBe(1);
    for (const [x, y] of [
      [box.x + box.width - 1, 500],
      [box.x + 1, box.y + 1],
    ] as const) {
      await dashboard.page.mouse.move(x, Math.min(y, box.y + 100));
      const shown = await tooltip().boundingBox();
      expect(shown?.x).toBeGreaterThanOrEqual(0);
      expect((shown?.x ?? 0) + (shown?.width ?? 0)).toBeLessThanOrEqual(1360);
      expect((shown?.y ?? 0) + (shown?.height ?? 0)).toBeLessThanOrEqual(900);
    }
    await dashboard.page.keyboard.press('Escape');
    expect(await tooltip().isVisible()).toBe(false);
    await hover('requests', 0.3);
    expect((await told()).map(([name]) => name)).toEqual(['requests']);
    await dashboard.page.mouse.move(2, 2);
    expect(await tooltip().isVisible()).toBe(false);
  });

  test('the keyboard reads a point aloud, the pointer does not', async () => {
    await open();
    const { points } = await dashboard.answer<Trend>('trend');
    const live = dashboard.page.locator('p.visually-hidden[aria-live="polite"]');
    await hover('requests', 0.3);
    expect(await live.innerText()).toBe('');
    await dashboard.page.mouse.move(2, 2);
    await chart('sla').locator('.plot').focus();
    await dashboard.page.keyboard.press('Home');
    await dashboard.page.keyboard.press('ArrowRight');
    expect(await live.innerText()).toMatch(new RegExp(`UTC: SLA ${slaPercent(points[1]?.sla)}$`));
    expect((await told())[0]).toEqual(['SLA', slaPercent(points[1]?.sla)]);
    await dashboard.page.keyboard.press('Escape');
    expect(await tooltip().isVisible()).toBe(false);
  });

  test('a tap shows the tooltip too', async () => {
    await open({}, { hasTouch: true, viewport: { width: 390, height: 844 } });
    const over = chart('requests').locator('.u-over');
    await over.scrollIntoViewIfNeeded();
    await over.tap({ position: { x: 120, y: 50 } });
    await tooltip().waitFor();
    const shown = await tooltip().boundingBox();
    expect((shown?.x ?? 0) + (shown?.width ?? 0)).toBeLessThanOrEqual(390);
    await dashboard.page.locator('#trends-title').tap();
    await tooltip().waitFor({ state: 'hidden' });
  });

  test('the previous period is in the chart, its tooltip and its table', async () => {
    await open();
    await dashboard.page.getByLabel('Compare').selectOption('previous');
    await dashboard.settled();
    const { from, to } = GatewayProcess.range;
    const earlier = new Date(2 * Date.parse(from) - Date.parse(to)).toISOString();
    const before = await fixture.gateway.call<Trend>('trend', { from: earlier, to: from });
    const { points } = await dashboard.answer<Trend>('trend');
    expect(before.points).toHaveLength(points.length);
    const shown = (await rows('requests')).map((cells) => cells.slice(1));
    const own = points.map(({ requestsPerSecond }) => perSecond(requestsPerSecond));
    expect(shown).toEqual(before.points.map((point, at) => [own[at], perSecond(point.requestsPerSecond)]));
    expect(await chart('duration').locator('.legend span').allInnerTexts()).toContain('before (p95)');
    await hover('requests', 0.2);
    expect((await told()).map(([name]) => name)).toEqual(['requests', 'before']);
  });

  test('the limits of the objectives are drawn where they are in sight', async () => {
    await open();
    const limits = (id: string): Promise<string | null> =>
      chart(id).locator('.plot').getAttribute('data-limits');
    expect(await limits('sla')).toBe('degraded 0.99,critical 0.95');
    expect(await limits('duration')).toBe('');
    await hover('sla', 0.5);
    expect((await told()).slice(1)).toEqual([
      ['degraded', '99.00\u00a0%'],
      ['critical', '95.00\u00a0%'],
    ]);
    const bad = await chart('sla').evaluate((card) => {
      const canvas = card.querySelector('canvas');
      const { data } = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {
        data: [],
      };
      return [...data].filter((_, at) => at % 4 === 0 && data[at] === 179 && data[at + 1] === 38).length;
    });
    expect(bad).toBeGreaterThan(50);
  });

  test('the running bucket is marked, in the chart, the tooltip and the table', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery(), signedIn: false });
    await dashboard.page.route('**/admin/ops/trend?**', async (route) => {
      const response = await route.fetch();
      const trend = (await response.json()) as Trend;
      const asOf = new Date(Date.parse(trend.to) - 30_000).toISOString();
      await route.fulfill({ response, json: { ...trend, freshness: { ...trend.freshness, asOf } } });
    });
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
    expect(await chart('requests').locator('.plot').getAttribute('data-partial')).toBe('unfinished');
    await hover('requests', 0.999);
    expect(await tooltip().locator('p').innerText()).toMatch(/, unfinished$/);
    const heads = (await rows('tokens')).map(([head = '']) => head.endsWith(', unfinished'));
    expect([heads.at(-1), heads.filter(Boolean).length]).toEqual([true, 1]);
  });

  test('a selection is of whole points, also of one that is too short for a range', async () => {
    await open();
    const { bucket } = await dashboard.answer<Trend>('trend');
    const start = Date.parse(GatewayProcess.range.from);
    const drag = async (from: number, to: number): Promise<void> => {
      const { x, y, width } = { ...(await hover('requests', from)), y: 0 };
      const at = (await chart('requests').locator('.u-over').boundingBox())?.y ?? y;
      await dashboard.page.mouse.down();
      await dashboard.page.mouse.move(x + width * to, at + 50, { steps: 4 });
    };
    await drag(0.3, 0.5);
    const selected = await chart('requests').locator('.u-select').boundingBox();
    const over = await chart('requests').locator('.u-over').boundingBox();
    const [count, points] = [86_400_000 / BUCKET_MS[bucket], selected?.width ?? 0];
    const perPoint = (over?.width ?? 0) / count;
    expect(Math.abs(points / perPoint - Math.round(points / perPoint))).toBeLessThan(0.1);
    await dashboard.page.mouse.up();
    await dashboard.settled();
    const [from, to] = ['from', 'to'];
    const query = await dashboard.query();
    const range = [from, to].map((name) => (Date.parse(query.get(name) ?? '') - start) / BUCKET_MS[bucket]);
    expect(range.every(Number.isInteger)).toBe(true);
    expect(range[0]).toBeLessThanOrEqual(0.3 * count);
    expect(range[1]).toBeGreaterThanOrEqual(0.5 * count);
    await chart('requests').locator('.u-over').dblclick();
    await dashboard.settled();
    expect((await dashboard.query()).get('from')).toBeNull();
  });

  test('one minute selected shows five', async () => {
    dashboard = await fixture.open({
      query: `?${new URLSearchParams({ from: Dashboard.hourOfRange(3), to: Dashboard.hourOfRange(4) }).toString()}`,
    });
    await chart('tokens').locator('.plot').focus();
    for (const key of ['Home', 'ArrowRight', 'Shift+ArrowRight', 'Enter']) {
      await dashboard.page.keyboard.press(key);
    }
    await dashboard.settled();
    const query = await dashboard.query();
    const length = Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '');
    expect(length).toBeGreaterThanOrEqual(300_000);
    expect(length).toBeLessThanOrEqual(360_000);
  });

  test('a chart is saved as CSV: numbers as they are, times in ISO 8601', async () => {
    await open();
    const saved = async (name: string): Promise<[string, string[]]> => {
      const download = dashboard.page.waitForEvent('download');
      await dashboard.page.getByRole('button', { name: `Save ${name} as CSV` }).click();
      const file = await download;
      const text = await readFile(await file.path(), 'utf8');
      return [file.suggestedFilename(), text.replace('\ufeff', '').split('\r\n')];
    };
    const { points, bucket } = await dashboard.answer<Trend>('trend');
    const [name, [head, first, ...more]] = await saved('Time to first token');
    expect([name, head]).toEqual(['time-to-first-token.csv', 'from,to,p50,p90,p95,p99']);
    const { from = '', ttft } = points[0] ?? {};
    const to = new Date(Date.parse(from) + BUCKET_MS[bucket]).toISOString();
    expect(first).toBe([from, to, ttft?.p50, ttft?.p90, ttft?.p95, ttft?.p99].join(','));
    expect(more).toHaveLength(points.length); // and the end of the last line
    const { bins } = await dashboard.answer<LatencyDistribution>('latency-distribution', {
      metric: 'duration',
    });
    const [, [heads, bin]] = await saved('Latency distribution');
    expect([heads, bin]).toEqual([
      'from_ms,to_ms,requests',
      [bins[0]?.from, bins[0]?.to, bins[0]?.count].join(','),
    ]);
  });

  test('a chart without a value says so, and one that waits has the size that it will have', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery(), signedIn: false });
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await dashboard.page.route('**/admin/ops/trend?**', async (route) => {
      const response = await route.fetch();
      const trend = (await response.json()) as Trend;
      const points = trend.points.map((point) => ({
        ...point,
        ttft: { ...point.ttft, p50: null, p90: null, p95: null, p99: null },
      }));
      await released;
      await route.fulfill({ response, json: { ...trend, points } });
    });
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.page.locator('#distribution .bin').first().waitFor();
    const sizes = async (): Promise<unknown> =>
      Promise.all(
        (await dashboard.page.locator('.chart').all()).map(async (card) => {
          const { x, y, width, height } = (await card.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
          return [x, y, width, height].map(Math.round);
        }),
      );
    const waiting = await sizes();
    expect(await dashboard.page.locator('#charts').getAttribute('class')).toContain('waiting');
    expect(await chart('requests').locator('h3').innerText()).toBe('Requests');
    release();
    await dashboard.settled();
    expect(await sizes()).toEqual(waiting);
    expect(await chart('ttft').locator('.plot').getAttribute('data-empty')).toContain(
      'No latency was measured',
    );
    expect(await chart('duration').locator('.plot').getAttribute('data-empty')).toBe('');
  });
});
