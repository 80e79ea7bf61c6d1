import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { count, perSecond } from '../../src/ops/dashboard/client/format.js';
import type { Overview, Trend } from '../../src/ops/read/read.types.js';
import { BUCKET_MS } from '../../src/ops/read/trend-buckets.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

describeInBrowser('dashboard: navigation', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_navigation');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  beforeEach(async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
  });

  afterEach(async () => {
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  const requests = (): Promise<string> =>
    dashboard.page.locator('[data-tile="requests"] .tile-value').innerText();

  test('a platform in the table filters the page, and the same again lets go', async () => {
    const all = await requests();
    const filter = dashboard.page
      .locator('[data-breakdown="platform"] tbody')
      .getByRole('button', { name: 'anthropic', exact: true });
    await filter.click();
    await dashboard.settled();
    expect((await dashboard.query()).get('platform')).toBe('anthropic');
    const overview = await dashboard.answer<Overview>('overview', { platform: 'anthropic' });
    expect(await requests()).toBe(perSecond(overview.requestsPerSecond));
    expect(await filter.getAttribute('aria-pressed')).toBe('true');
    const panel = dashboard.page.getByRole('group', { name: 'Breakdown by' });
    await panel.getByRole('button', { name: 'Group' }).click();
    await dashboard.settled();
    const groups = await dashboard.rows('[data-breakdown="group"]');
    expect(groups.length).toBeGreaterThan(1);
    expect(groups.filter(([name = '']) => !name.startsWith('sample-anthropic'))).toEqual([]);

    await panel.getByRole('button', { name: 'Platform' }).click();
    await filter.click();
    await dashboard.settled();
    expect((await dashboard.query()).get('platform')).toBeNull();
    expect(await requests()).toBe(all);
  });

  test('dragging zooms: the address has the range, the API is asked for it, and back goes back', async () => {
    const plot = dashboard.page.locator('[data-chart="duration"] .u-over');
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    const { x, y, width } = { x: box?.x ?? 0, y: (box?.y ?? 0) + 30, width: box?.width ?? 0 };
    const asked = dashboard.page.waitForRequest(/\/admin\/ops\/overview/);
    await dashboard.page.mouse.move(x + width * 0.25, y);
    await dashboard.page.mouse.down();
    await dashboard.page.mouse.move(x + width * 0.5, y, { steps: 5 });
    await dashboard.page.mouse.up();
    const request = new URL((await asked).url()).searchParams;
    await dashboard.settled();

    const query = await dashboard.query();
    expect(request.get('from')).toBe(query.get('from'));
    expect(request.get('to')).toBe(query.get('to'));
    const [from, to] = [query.get('from'), query.get('to')].map((time) => Date.parse(time ?? ''));
    const start = Date.parse(GatewayProcess.range.from);
    // A quarter of a day from a quarter on; a pixel is about three minutes.
    expect(Math.abs((from ?? 0) - (start + 6 * 3_600_000))).toBeLessThan(6 * 60_000);
    expect(Math.abs((to ?? 0) - (start + 12 * 3_600_000))).toBeLessThan(6 * 60_000);

    await dashboard.page.goBack();
    await dashboard.settled();
    expect((await dashboard.query()).get('from')).toBe(GatewayProcess.range.from);
  });

  test('the keyboard zooms too', async () => {
    const plot = dashboard.page.locator('[data-chart="tokens"] .plot');
    await plot.focus();
    await dashboard.page.keyboard.press('Home');
    for (let point = 0; point < 4; point += 1) {
      await dashboard.page.keyboard.press('Shift+ArrowRight');
    }
    const asked = dashboard.page.waitForRequest(/\/admin\/ops\/overview/);
    await dashboard.page.keyboard.press('Enter');
    await asked;
    await dashboard.settled();
    // Five whole points.
    const { bucket } = await dashboard.answer<Trend>('trend');
    const start = Date.parse(GatewayProcess.range.from);
    const query = await dashboard.query();
    expect(Date.parse(query.get('from') ?? '')).toBe(start);
    expect(Date.parse(query.get('to') ?? '')).toBe(start + 5 * BUCKET_MS[bucket]);
  });

  test('presets and a custom range', async () => {
    await dashboard.page.getByRole('button', { name: '7 d', exact: true }).click();
    await dashboard.settled();
    expect([...(await dashboard.query())]).toEqual([['preset', '7d']]);
    const sum = await dashboard.page.evaluate<number>(
      `[...document.querySelectorAll('[data-breakdown="platform"] td[data-column="requests"]')]
        .reduce((total, cell) => total + Number(cell.innerText.replaceAll(',', '')), 0)`,
    );
    const [raw] = await fixture.gateway.database.dataSource.query<{ n: string }[]>(
      // Rows without a group belong to no platform, and count nowhere.
      `SELECT (SELECT count(*) FROM usage_logs WHERE group_id IS NOT NULL) +
        (SELECT count(*) FROM ops_error_logs WHERE status_code >= 400) AS n`,
    );
    expect(count(sum)).toBe(count(Number(raw?.n)));

    await dashboard.page.getByRole('button', { name: 'Custom' }).click();
    await dashboard.page.locator('#custom-from').fill(GatewayProcess.range.from.slice(0, 16));
    await dashboard.page.locator('#custom-to').fill(GatewayProcess.range.to.slice(0, 16));
    await dashboard.page.getByRole('button', { name: 'Show', exact: true }).click();
    await dashboard.settled();
    expect((await dashboard.query()).get('from')).toBe(GatewayProcess.range.from);
    expect((await dashboard.query()).get('to')).toBe(GatewayProcess.range.to);
  });

  test('a range that ends before it starts is said to, and can be corrected', async () => {
    const { page } = dashboard;
    await page.getByRole('button', { name: 'Custom' }).click();
    const [from, to] = [page.locator('#custom-from'), page.locator('#custom-to')];
    const show = page.getByRole('button', { name: 'Show', exact: true });
    const message = (): Promise<string> =>
      page.evaluate("document.querySelector('#custom-to').validationMessage");
    await from.fill(GatewayProcess.range.to.slice(0, 16));
    await to.fill(GatewayProcess.range.from.slice(0, 16));
    await show.click();
    expect(await message()).toBe('Must be after the start');
    // Either field may be the wrong one.
    await from.fill(GatewayProcess.range.from.slice(0, 16));
    expect(await message()).toBe('');
    await to.fill(`${GatewayProcess.range.from.slice(0, 14)}04`);
    await show.click();
    expect(await message()).toBe('Must be at least 5 minutes after the start');
    const end = Dashboard.hourOfRange(6).slice(0, 16);
    await to.fill(end);
    await show.click();
    await dashboard.settled();
    expect((await dashboard.query()).get('to')).toBe(`${end}Z`);
  });

  test('what was entered means the same moment in another zone, and what was not follows the page', async () => {
    const { page } = dashboard;
    await page.getByRole('button', { name: 'Operations', exact: true }).click();
    const panel = page.locator('[data-panel="rebuild"]');
    const value = (name: string): Promise<string> => panel.locator(`[name="${name}"]`).inputValue();
    await panel.locator('[name="from"]').fill('2026-01-15T12:00');
    expect(await value('to')).toBe(GatewayProcess.range.to.slice(0, 16));
    await page.getByRole('button', { name: 'Local' }).click();
    await dashboard.settled();
    expect(await value('from')).toBe('2026-01-15T07:00');
    const offset = await page.evaluate<number>(
      `new Date('${GatewayProcess.range.to}').getTimezoneOffset() * 60000`,
    );
    const local = new Date(Date.parse(GatewayProcess.range.to) - offset).toISOString().slice(0, 16);
    expect(await value('to')).toBe(local);
    await page.getByRole('button', { name: 'UTC' }).click();
    await dashboard.settled();
    expect(await value('from')).toBe('2026-01-15T12:00');
  });

  test('times are in UTC or in the zone of the browser, and the page says which', async () => {
    const line = dashboard.page.locator('#range-line');
    const hour = Number(GatewayProcess.range.from.slice(11, 13));
    expect(await line.innerText()).toContain(`${String(hour).padStart(2, '0')}:00`);
    expect(await line.innerText()).toContain('times in UTC');
    await dashboard.page.getByRole('button', { name: 'Local' }).click();
    await dashboard.settled();
    const local = new Intl.DateTimeFormat('en-GB', {
      timeZone: 'America/New_York',
      hour: '2-digit',
      minute: '2-digit',
    }).format(Date.parse(GatewayProcess.range.from));
    expect(await line.innerText()).toContain(`, ${local} –`);
    expect(await line.innerText()).toContain('times in America/New_York');
    expect((await dashboard.query()).get('tz')).toBe('local');
  });
});
