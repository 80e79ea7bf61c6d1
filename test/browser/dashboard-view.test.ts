import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { perSecond } from '../../src/ops/dashboard/client/format.js';
import type { Breakdown, Overview } from '../../src/ops/read/read.types.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

const MINUTE_MS = 60_000;

describeInBrowser('dashboard: the view and its filters', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_view');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  afterEach(async () => {
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  const requests = (): Promise<string> =>
    dashboard.page.locator('[data-tile="requests"] .tile-value').innerText();

  /** The range of the numbers that the page has asked for last. */
  const askedRange = async (act: () => Promise<void>): Promise<{ from: number; to: number }> => {
    const request = dashboard.page.waitForRequest(/\/admin\/ops\/overview/);
    await act();
    const asked = new URL((await request).url()).searchParams;
    await dashboard.settled();
    return { from: Date.parse(asked.get('from') ?? ''), to: Date.parse(asked.get('to') ?? '') };
  };

  test('several platforms are searched for and chosen with the keyboard alone', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    const { items } = await dashboard.answer<Breakdown>('breakdown', { by: 'platform' });
    const [first = '', second = ''] = items.map(({ key }) => key);
    await page.locator('#filter-platform').focus();
    await page.keyboard.press('Enter');
    const search = page.getByRole('combobox', { name: 'Search Platform' });
    await page.locator('#list-platform [role="option"]').first().waitFor();
    expect(await page.evaluate<string>('document.activeElement.getAttribute("aria-label")')).toBe(
      'Search Platform',
    );
    expect(await search.isVisible()).toBe(true);
    await page.keyboard.type(first.slice(0, 4));
    expect(await search.getAttribute('aria-activedescendant')).toBe('option-platform-0');
    await page.keyboard.press('Enter');
    await dashboard.settled();
    for (let letter = 0; letter < 4; letter += 1) {
      await page.keyboard.press('Backspace');
    }
    // What is chosen already is found by its name, and stays chosen.
    const names = await page.locator('#list-platform [role="option"] > span').allInnerTexts();
    for (let down = 0; down < names.indexOf(second); down += 1) {
      await page.keyboard.press('ArrowDown');
    }
    await page.keyboard.press('Enter');
    await dashboard.settled();
    expect((await dashboard.query()).getAll('platform')).toEqual([first, second]);
    expect(await page.locator('#list-platform [aria-selected="true"] > span').allInnerTexts()).toEqual([
      first,
      second,
    ]);
    await page.keyboard.press('Escape');
    expect(await search.isVisible()).toBe(false);
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('filter-platform');

    const overview = await dashboard.answer<Overview>('overview', { platform: [first, second] });
    expect(overview.requestCountTotal).toBe(
      (items[0]?.requestCountTotal ?? 0) + (items[1]?.requestCountTotal ?? 0),
    );
    expect(await requests()).toBe(perSecond(overview.requestsPerSecond));
    await page.getByRole('button', { name: `Remove the filter platform: ${first}` }).click();
    await dashboard.settled();
    expect((await dashboard.query()).getAll('platform')).toEqual([second]);
  });

  test('groups are in the address by id and on the page by name, and the address brings them back', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    const { items } = await dashboard.answer<Breakdown>('breakdown', { by: 'group' });
    const group = items[2];
    await page.locator('#filter-group').click();
    await page.getByRole('combobox', { name: 'Search Group' }).fill(group?.groupName ?? '');
    await page
      .getByRole('option', { name: group?.groupName ?? '' })
      .first()
      .click();
    await dashboard.settled();
    await page.mouse.click(5, 5);
    expect(await page.locator('#list-group').isVisible()).toBe(false);
    expect((await dashboard.query()).get('group')).toBe(group?.groupId);
    expect(await requests()).toBe(perSecond(group?.requestsPerSecond));
    await page.reload();
    await dashboard.settled();
    await page.getByRole('button', { name: `Remove the filter group: ${group?.groupName ?? ''}` }).waitFor();
    expect(await requests()).toBe(perSecond(group?.requestsPerSecond));
    expect(await page.locator('#filter-group').innerText()).toBe(`Group: ${group?.groupName ?? ''}`);
  });

  test('what is not listed can be entered, and markup is text', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    await page.locator('#filter-model').click();
    await page.locator('#list-model [role="option"]').first().waitFor();
    await page.getByRole('combobox', { name: 'Search Model' }).fill('<b>none such');
    await page.getByRole('option', { name: 'Only “<b>none such”' }).click();
    await page.getByText('No request in this range belongs to what is filtered for.').waitFor();
    expect((await dashboard.query()).getAll('key')).toEqual(['<b>none such']);
    await dashboard.settled();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await dashboard.settled();
    expect((await dashboard.query()).has('key')).toBe(false);
  });

  test('an hour is 60 minutes, and today and yesterday are those of the zone that is shown', async () => {
    dashboard = await fixture.open({ query: '?preset=6h&tz=local' });
    const { page } = dashboard;
    const choose = (name: string) => (): Promise<void> =>
      page.getByRole('button', { name, exact: true }).click();
    const hour = await askedRange(choose('1 h'));
    expect(hour.to - hour.from).toBe(60 * MINUTE_MS);
    const dayOf = (shift: number): Promise<number> =>
      page.evaluate<number>(
        `new Date(new Date().setHours(0, 0, 0, 0)).setDate(new Date().getDate() + ${shift})`,
      );
    const today = await askedRange(choose('Today'));
    expect(today.from).toBe(await dayOf(0));
    const yesterday = await askedRange(choose('Yesterday'));
    expect(yesterday).toEqual({ from: await dayOf(-1), to: await dayOf(0) });
    const utc = await askedRange(choose('UTC'));
    expect(utc.to % (24 * 60 * MINUTE_MS)).toBe(0);
    expect((await dashboard.query()).get('preset')).toBe('yesterday');
  });

  test('the whole view is in the address: back, forward and a copied link bring it back', async () => {
    dashboard = await fixture.open({ query: '?preset=24h' });
    const { page } = dashboard;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Group', exact: true }).click();
    await page.getByRole('group', { name: 'Latency of' }).getByRole('button', { name: 'TTFT' }).click();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const link = new URL(await page.evaluate<string>('navigator.clipboard.readText()'));
    expect([...link.searchParams.keys()].sort()).toEqual(['by', 'from', 'metric', 'to']);
    expect([...(await dashboard.query())]).toEqual([
      ['by', 'group'],
      ['metric', 'ttft'],
    ]);
    await page.goBack();
    await dashboard.settled();
    expect([...(await dashboard.query())]).toEqual([['by', 'group']]);
    await page.goForward();
    await dashboard.settled();
    expect(await page.locator('[aria-label="Latency of"] [aria-pressed="true"]').innerText()).toBe('TTFT');
    await page.goto(link.href);
    await dashboard.settled();
    const range = await dashboard.answer<Overview>('overview', {
      from: link.searchParams.get('from') ?? '',
      to: link.searchParams.get('to') ?? '',
    });
    expect(await requests()).toBe(perSecond(range.requestsPerSecond));
  });

  test('what is wrong in an address is as if it were not there', async () => {
    const query =
      '?preset=9h&from=nonsense&to=2026&group=0&group=1;2&key=x&charts=no&compare=no&tz=Mars&metric=p';
    dashboard = await fixture.open({ query });
    expect(await dashboard.page.locator('.toolbar [aria-pressed="true"]').innerText()).toBe('24\u00a0h');
    expect(await dashboard.page.locator('.chips').count()).toBe(0);
  });

  test('metrics and operations are pages of their own, each with what it needs', async () => {
    dashboard = await fixture.open({ query: Dashboard.rangeQuery({ platform: 'openai' }) });
    const { page } = dashboard;
    expect(await page.locator('#operations').count()).toBe(0);
    const asked: string[] = [];
    page.on('request', (request) => asked.push(...(/admin\/ops\/(.*)/.exec(request.url())?.slice(1) ?? [])));
    await page.getByRole('button', { name: 'Operations', exact: true }).click();
    await dashboard.settled();
    expect(asked.sort()).toEqual(['rebuilds', 'status', 'verify']);
    expect(await page.locator('#numbers').count()).toBe(0);
    expect((await dashboard.query()).get('page')).toBe('operations');
    await page.reload();
    await dashboard.settled();
    expect(await page.locator('#operations').isVisible()).toBe(true);
    // The range and the filters are still there.
    await page.getByRole('button', { name: 'Metrics', exact: true }).click();
    await dashboard.settled();
    expect((await dashboard.query()).get('platform')).toBe('openai');
    expect((await dashboard.query()).get('from')).toBe(GatewayProcess.range.from);
  });
});
