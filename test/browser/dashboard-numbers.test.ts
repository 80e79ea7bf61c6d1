import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  amounts,
  compact,
  count,
  durations,
  milliseconds,
  money,
  moneys,
  percent,
  perSecond,
  slaPercent,
  tokenRate,
  tokenRates,
  type ColumnFormat,
} from '../../src/ops/dashboard/client/format.js';
import { formatTime } from '../../src/ops/dashboard/client/zone.js';
import { resolveOptions } from '../../src/ops/index.js';
import type {
  Breakdown,
  BreakdownItem,
  LatencyDistribution,
  Overview,
  Trend,
  TrendPoint,
} from '../../src/ops/read/read.types.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

/** What each chart must show of a point, written down here a second time. */
const SHOWN: Record<string, (point: TrendPoint) => string[]> = {
  requests: (p) => [perSecond(p.requestsPerSecond)],
  tokens: (p) => [perSecond(p.tokensPerSecond)],
  'client-errors': (p) => [count(p.errorCountSla), count(p.businessLimitedCount)],
  'provider-errors': (p) => [
    count(p.upstreamErrorCountExcl429529),
    count(p.upstream429Count),
    count(p.upstream529Count),
  ],
  duration: ({ duration: d }) => [d.p50, d.p90, d.p95, d.p99].map(milliseconds),
  ttft: ({ ttft: t }) => [t.p50, t.p90, t.p95, t.p99].map(milliseconds),
};

/** The colours of a chart's legend that no opaque pixel comes near: a bar's edge may lie within a pixel. */
async function unpaintedSeries({ page }: Dashboard, id: string): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const parts = (color) => color.match(/\\d+/g).slice(0, 3).map(Number);
    const card = document.querySelector('[data-chart="${id}"]');
    const swatches = [...card.querySelectorAll('.swatch')].map((e) => getComputedStyle(e).backgroundColor);
    if (swatches.length === 0) return ['no legend'];
    const canvas = card.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return swatches.filter((color) => {
      const wanted = parts(color);
      for (let i = 0; i < data.length; i += 4) {
        const far = Math.max(...wanted.map((part, at) => Math.abs(part - data[i + at])));
        if (data[i + 3] > 200 && far < 24) return false;
      }
      return true;
    });
  })()`);
}

describeInBrowser('dashboard: numbers', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_numbers');
    // An outage, whatever the sample traffic has at this time of the year.
    await fixture.gateway.database.dataSource.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, error_owner, status_code, upstream_status_code, is_business_limited, platform, created_at)
       SELECT 'upstream', 'upstream_error', 'provider', 502, (ARRAY[500, 429, 529])[1 + n % 3], n % 4 = 0, 'openai', $1::timestamptz
       FROM generate_series(1, 2000) AS n`,
      [Dashboard.hourOfRange(9)],
    );
    await fixture.gateway.call('refresh', {}, 'POST');
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('the tiles show the overview and which way it went', async () => {
    const overview = await dashboard.answer<Overview>('overview');
    const values = await dashboard.page.locator('.tile-value').allInnerTexts();
    expect(values).toEqual([
      slaPercent(overview.sla),
      percent(overview.errorRate),
      perSecond(overview.requestsPerSecond),
      milliseconds(overview.duration.p95),
      milliseconds(overview.ttft.p95),
      compact(Number(overview.tokenConsumed)),
      money(overview.actualCost),
      percent(overview.cacheHitRate),
      tokenRate(overview.outputSpeed.p50),
    ]);
    const slaRose = (overview.sla ?? 0) > (overview.previous.sla ?? 0);
    const change = dashboard.page.locator('[data-tile="sla"] .tile-change');
    expect(await change.innerText()).toContain(slaRose ? '▲' : '▼');
    expect(await change.getAttribute('class')).toContain(slaRose ? 'good' : 'bad');
  });

  test('the verdict follows from the SLA', async () => {
    const overview = await dashboard.answer<Overview>('overview');
    expect(overview.sla).toBeLessThan(0.95); // by the outage that was added
    const verdict = dashboard.page.locator('#verdict');
    expect(await verdict.getAttribute('data-level')).toBe('critical');
    expect(await verdict.innerText()).toContain(`SLA ${slaPercent(overview.sla)}`);
    expect(await verdict.innerText()).toMatch(/% of SLA errors on openai: show it/);
  });

  test('what is healthy is what the server says, and unknown before it has', async () => {
    const { duration } = await dashboard.answer<Overview>('overview');
    const tab = await fixture.open({ query: Dashboard.rangeQuery(), signedIn: false });
    const objectives = {
      ...resolveOptions().objectives,
      sla: { degraded: 0.02, critical: 0.01 },
      upstreamErrorRate: { degraded: 0.9, critical: 1 },
      slowdown: { degraded: 900, critical: 1_000 },
      durationP95Ms: { degraded: 1, critical: 600_000 },
    };
    let answered = 0;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await tab.page.route('**/admin/ops/status', async (route) => {
      const response = await route.fetch();
      // The first is the sign-in's.
      await (answered++ === 0 ? undefined : released);
      await route.fulfill({ json: { ...((await response.json()) as object), objectives } });
    });
    await tab.signIn(fixture.gateway.token);
    await tab.page.locator('.tile-value').first().waitFor();
    const verdict = tab.page.locator('#verdict');
    expect(await verdict.innerText()).toContain('Loading…');
    release();
    await tab.settled();
    expect(await verdict.getAttribute('data-level')).toBe('degraded');
    expect((await verdict.locator('p').innerText()).replace('\n', ' ')).toBe(
      `Degraded: p95 duration ${milliseconds(duration.p95)}, should be at most 1\u00a0ms`,
    );
    await verdict.locator('summary').click();
    expect(await verdict.locator('li').allInnerTexts()).toEqual(
      expect.arrayContaining([
        'SLA (business-limited errors do not count): degraded below 2\u00a0%, critical below 1\u00a0%.',
        'p95 of duration: degraded above 1\u00a0ms, critical above 10\u00a0min.',
      ]),
    );
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });

  test.each(Object.keys(SHOWN))('the chart of %s has the points of the trend', async (id) => {
    const { points } = await dashboard.answer<Trend>('trend');
    expect(points.length).toBeGreaterThanOrEqual(24);
    const chart = dashboard.page.locator(`[data-chart="${id}"]`);
    await chart.locator('summary').click();
    await chart.locator('tbody tr').first().waitFor();
    const rows = await dashboard.rows(`[data-chart="${id}"]`);
    expect(rows.map((cells) => cells.slice(1))).toEqual(points.map((point) => SHOWN[id]?.(point)));
  });

  test('the cursor reads the same point of every chart, from what is drawn', async () => {
    const { points } = await dashboard.answer<Trend>('trend');
    const plot = dashboard.page.locator('[data-chart="requests"] .u-over');
    const box = await plot.boundingBox();
    await plot.hover({ position: { x: ((box?.width ?? 0) * 5.5) / 24, y: 40 } });
    const time = await dashboard.page.locator('[data-chart="requests"] .chart-time').innerText();
    const pointed = points.filter(({ from }) => time === `${formatTime(from, 'utc', 'dateTime')} UTC`);
    expect(pointed).toHaveLength(1);
    const hour = Math.floor(
      (Date.parse(pointed[0]?.from ?? '') - Date.parse(GatewayProcess.range.from)) / 3_600_000,
    );
    expect(hour).toBe(5);
    for (const [id, shown] of Object.entries(SHOWN)) {
      const legend = await dashboard.page.locator(`[data-chart="${id}"] .legend b`).allInnerTexts();
      expect([id, ...legend]).toEqual([id, ...pointed.flatMap(shown)]);
    }
  });

  test('every chart has painted each of its series', async () => {
    await dashboard.page.mouse.move(0, 0);
    for (const id of Object.keys(SHOWN)) {
      expect([id, await unpaintedSeries(dashboard, id)]).toEqual([id, []]);
    }
  });

  test.each([
    [1440, 10],
    [1440, 14],
    [390, 7],
  ])('%i px wide, over %i days, thin bars have the colours of their series', async (width, days) => {
    const to = Date.parse(GatewayProcess.range.to);
    const from = new Date(to - days * 86_400_000).toISOString();
    const narrow = await fixture.open({
      query: `?${new URLSearchParams({ from, to: GatewayProcess.range.to }).toString()}`,
      viewport: { width, height: 900 },
    });
    for (const id of ['client-errors', 'provider-errors']) {
      expect([id, await unpaintedSeries(narrow, id)]).toEqual([id, []]);
    }
    await narrow.close();
  });

  test.each(['platform', 'group'] as const)('the table per %s shows the breakdown and sorts', async (by) => {
    const { items } = await dashboard.answer<Breakdown>('breakdown', { by, limit: '200' });
    const table = `[data-breakdown="${by}"]`;
    const choice = dashboard.page.getByRole('group', { name: 'Breakdown by' });
    await choice.getByRole('button', { name: by === 'platform' ? 'Platform' : 'Group' }).click();
    await dashboard.settled();
    const more = dashboard.page.locator(table).getByRole('button', { name: /^Show all/ });
    if (await more.isVisible()) {
      await more.click();
    }
    /** As the column shows it: in the unit of its largest. */
    const column = (format: ColumnFormat, value: (item: BreakdownItem) => number | null) => {
      const shown = format(Math.max(...items.map((item) => Number(value(item)))));
      return (item: BreakdownItem): string => {
        const one = value(item);
        return one === null ? '–' : shown(one);
      };
    };
    const p95 = column(durations, ({ duration }) => duration.p95);
    const ttft = column(durations, (item) => item.ttft.p95);
    const tokens = column(amounts, ({ tokenConsumed }) => Number(tokenConsumed));
    const cost = column(moneys, ({ actualCost }) => (actualCost === null ? null : Number(actualCost)));
    const speed = column(tokenRates, ({ outputSpeed }) => outputSpeed.p50);
    const expected = items.map((item) => [
      by === 'platform' ? item.platform : item.groupName,
      count(item.requestCountTotal),
      percent(item.share),
      slaPercent(item.sla),
      percent(item.errorRate),
      percent(item.upstreamErrorRate),
      ...[p95(item), ttft(item), tokens(item), cost(item)],
      percent(item.cacheHitRate),
      ...[speed(item), 'List'],
    ]);
    expect(await dashboard.rows(table)).toEqual(expected);

    const head = dashboard.page.locator(`${table} thead`).getByRole('button').first();
    await head.focus();
    await dashboard.page.keyboard.press('Enter');
    const names = (await dashboard.rows(table)).map(([name = '']) => name);
    expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b)));
    const heads = dashboard.page.locator(`${table} thead th`);
    expect(await heads.first().getAttribute('aria-sort')).toBe('ascending');
    // Sorting must not have thrown the keyboard out of the head.
    await dashboard.page.keyboard.press('Enter');
    expect(await heads.first().getAttribute('aria-sort')).toBe('descending');
    // Nor out of a row that changes places.
    const row = dashboard.page.locator(`${table} .row-filter`).first();
    const name = await row.innerText();
    await row.focus();
    await head.dispatchEvent('click');
    expect(await row.innerText()).not.toBe(name);
    expect(await dashboard.page.evaluate<string>('document.activeElement.innerText')).toBe(name);
    // The order stays when something else is broken down by.
    await dashboard.page
      .locator(`${table} thead`)
      .getByRole('button', { name: 'Requests', exact: true })
      .click();
    await dashboard.settled();
  });

  test.each(['duration', 'ttft'] as const)(
    'the distribution of %s has every bin and mark',
    async (metric) => {
      const { bins, summary } = await dashboard.answer<LatencyDistribution>('latency-distribution', {
        metric,
      });
      const metrics = dashboard.page.getByRole('group', { name: 'Latency of' });
      await metrics.getByRole('button', { name: metric === 'ttft' ? 'TTFT' : 'Duration' }).click();
      await dashboard.settled();
      const details = dashboard.page.locator('#distribution details');
      if ((await details.getAttribute('open')) === null) {
        await details.locator('summary').click();
      }
      await dashboard.page.locator('#distribution tbody tr').first().waitFor();
      const rows = await dashboard.rows('#distribution');
      expect(rows).toEqual(
        bins.map((bin) => [milliseconds(bin.from), milliseconds(bin.to), count(bin.count)]),
      );
      expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(summary.samples);
      expect(await dashboard.page.locator('#distribution .bin').count()).toBe(bins.length);
      expect(await dashboard.page.locator('.mark-label').allTextContents()).toEqual([
        'p50',
        'p90',
        'p95',
        'p99',
      ]);
      expect(await dashboard.page.locator('#distribution .reading').innerText()).toContain(
        `p95 ${milliseconds(summary.p95)}`,
      );
    },
  );

  test('nothing was complained about', () => {
    expect(dashboard.complaints).toEqual([]);
  });
});
