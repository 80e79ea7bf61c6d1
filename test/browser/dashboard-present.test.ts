import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { perSecond } from '../../src/ops/dashboard/client/format.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';
import { StubbedPresent } from './support/present.js';
import { shifts, WATCH_SHIFTS } from './support/shifts.js';

describeInBrowser('dashboard: the present', () => {
  let fixture: DashboardFixture;
  let stub: StubbedPresent;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_present');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  afterEach(async () => {
    await stub.dashboard.close();
  });

  test.each([
    [1360, 4000],
    [900, 6000],
    [390, 8000],
  ])('%i pixels wide, nothing moves when numbers change', async (width, height) => {
    stub = await StubbedPresent.open(fixture, '?preset=6h', { viewport: { width, height } });
    const { page } = stub;
    expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBeLessThanOrEqual(height);
    await page.evaluate(WATCH_SHIFTS);
    await shifts(page); // of the time before
    const texts = new Set<string>();
    for (let refresh = 0; refresh < 7; refresh += 1) {
      await stub.pass(10);
      await stub.refreshed();
      texts.add(await page.locator('[data-tile="requests"] .tile-value').innerText());
      expect([refresh, await shifts(page)]).toEqual([refresh, []]);
    }
    expect(texts.size).toBeGreaterThan(4);
    // What the watch is worth: a line that comes moves what is below it.
    await page.evaluate("document.querySelector('#glance').before(document.createElement('hr'))");
    expect(await shifts(page)).not.toEqual([]);
    expect(stub.dashboard.complaints).toEqual([]);
  });

  test('it says of which moment the numbers are, in the zone of the page, and warns of raw rows', async () => {
    stub = await StubbedPresent.open(fixture, '?preset=15min');
    const { page } = stub;
    const [asOf, raw] = [page.locator('#as-of'), page.locator('#raw')];
    expect(await page.locator('#range-line').innerText()).toContain('1-minute points');
    const utc = new Date(stub.asOf).toISOString().slice(11, 19);
    expect(await asOf.innerText()).toBe(`as of ${utc}`);
    expect(await raw.innerText()).toBe('');
    await page.getByRole('button', { name: 'Local' }).click();
    await stub.dashboard.settled();
    const local = new Date(stub.asOf).toLocaleTimeString('en-GB', { timeZone: 'America/New_York' });
    expect(await asOf.innerText()).toBe(`as of ${local}`);

    await page.getByRole('button', { name: 'UTC' }).click();
    await stub.dashboard.settled(); // the next refresh is counted from here on
    stub.present = { ...stub.present, recent: 'raw' };
    await stub.pass(10);
    await stub.refreshed();
    expect(await raw.innerText()).toContain('Read from raw rows');
    expect(await raw.getAttribute('role')).toBe('status');

    // The raw rows at the ends of a range of last week are nobody's delay.
    const { from } = GatewayProcess.range;
    const to = Dashboard.hourOfRange(2);
    await page.goto(`${page.url().split('?')[0] ?? ''}?${new URLSearchParams({ from, to }).toString()}`);
    await stub.dashboard.settled();
    expect(await raw.innerText()).toBe('');
    expect(await asOf.innerText()).toMatch(/^updated \d\d:\d\d:\d\d$/);
  });

  test('the rates of the last minute and of the busiest one, or of the busiest hour', async () => {
    stub = await StubbedPresent.open(fixture, '?preset=6h');
    const details = (tile: string): Promise<string[]> =>
      stub.page.locator(`[data-tile="${tile}"] :is(dt, dd)`).allInnerTexts();
    const hour = await stub.page.locator('[data-tile="requests"] dd').last().innerText();
    expect(hour).toMatch(/^[\d.]+\s\/s$/);
    expect(await details('requests')).toEqual(['last minute', '–', 'busiest hour', hour]);

    stub.present = {
      recent: 'minutes',
      current: {
        at: new Date(stub.asOf - 60_000).toISOString(),
        requestsPerSecond: 1047.2,
        tokensPerSecond: 3.2e6,
      },
      peakMinuteRequestsPerSecond: 1311.4,
      peakMinuteTokensPerSecond: 4.1e6,
    };
    await stub.pass(10);
    await stub.refreshed();
    const rates = (last: number, busiest: number): string[] => [
      ...['last minute', perSecond(last)],
      ...['busiest minute', perSecond(busiest)],
    ];
    expect(await details('requests')).toEqual(rates(1047.2, 1311.4));
    expect(await details('tokens')).toEqual(rates(3.2e6, 4.1e6));
  });

  test('numbers are asked for every 10 s while somebody looks, and less often of a range that has ended', async () => {
    stub = await StubbedPresent.open(fixture, '?preset=1h');
    const { page } = stub;
    const asked = (): number => stub.asked.splice(0).filter((part) => part === 'overview').length;
    const hide = (hidden: boolean): Promise<unknown> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    asked();
    await stub.pass(9);
    expect(asked()).toBe(0);
    await stub.pass(1);
    await stub.refreshed();
    expect(asked()).toBe(1);

    await hide(true);
    await stub.pass(60);
    expect(asked()).toBe(0);
    await hide(false);
    await stub.refreshed();
    expect(asked()).toBe(1);
    await stub.pass(10);
    await stub.refreshed();
    expect(asked()).toBe(1);

    await page.goto(
      `${page.url().split('?')[0] ?? ''}${Dashboard.rangeQuery({ to: Dashboard.hourOfRange(2) })}`,
    );
    await stub.dashboard.settled();
    asked();
    await stub.pass(59);
    expect(asked()).toBe(0);
    const again = page.waitForResponse(/overview/);
    await stub.pass(1);
    await again;
    expect(asked()).toBe(1);
  });

  test('a refresh leaves a part that failed to its own, longer and longer pauses', async () => {
    stub = await StubbedPresent.open(fixture, '?preset=1h');
    const { page } = stub;
    const parts = (): string[] => [...new Set(stub.asked.splice(0))].sort();
    const others = ['breakdown', 'latency-distribution', 'overview', 'status'];
    parts();
    stub.failing = 'trend';
    await stub.pass(10);
    await stub.dashboard.settled('error');
    expect(parts()).toEqual([...others, 'trend'].sort());
    // Tried again after 5 s, and then after 10 s: 15 s from the refresh, which the next one does not come before.
    const failed = page.waitForResponse(/trend/);
    await stub.pass(5);
    await failed;
    await stub.dashboard.settled('error');
    expect(parts()).toEqual(['trend']);
    const refreshed = page.waitForResponse(/overview/);
    await stub.pass(5);
    await refreshed;
    await stub.dashboard.settled('error');
    expect(parts()).toEqual(others);
    stub.failing = null;
    await stub.pass(5);
    await stub.dashboard.settled();
    expect(parts()).toEqual(['trend']);
    expect(await page.locator('#charts > .panel-problem').count()).toBe(0);
  });

  test('the point under the cursor stays under it', async () => {
    stub = await StubbedPresent.open(fixture, '?preset=6h');
    const { page } = stub;
    // From a whole minute on, the range stays what it is for the refreshes of that minute.
    await stub.pass(10);
    await stub.refreshed();
    const plot = page.locator('[data-chart="requests"] .u-over');
    const time = page.locator('[data-chart="tokens"] .chart-time');
    const canvas = await page.locator('[data-chart="requests"] canvas').elementHandle();
    await plot.hover({ position: { x: 100, y: 40 } });
    const pointed = await time.innerText();
    expect(pointed).not.toContain('latest');
    const before = await page.locator('[data-chart="tokens"] .legend b').innerText();
    await stub.pass(10);
    await stub.refreshed();
    expect(await time.innerText()).toBe(pointed);
    expect(await page.locator('[data-chart="tokens"] .legend b').innerText()).not.toBe(before);
    // The same canvas, drawn anew.
    expect(await canvas.evaluate((element) => element.isConnected)).toBe(true);
  });
});
