import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { axe } from './support/axe.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { shifts, WATCH_SHIFTS } from './support/shifts.js';

/** Where what is there from the first paint on stands: its top and its height, in pixels. */
const boxes = (page: Page): Promise<string[]> =>
  page.evaluate<
    string[]
  >(`['.verdict', '.tile:nth-child(1)', '.tile:nth-child(9)', '.chart:nth-of-type(1)'].map((selector) => {
    const { top, height } = document.querySelector(selector).getBoundingClientRect();
    return selector + ' ' + Math.round(top) + ' ' + (selector.startsWith('.chart') ? '' : Math.round(height));
  })`);

describeInBrowser('dashboard: states', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_states');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test.each([1440, 900, 390])(
    '%i pixels wide, the first paint is the page at its final size, and nothing moves until it is ready',
    async (width) => {
      const dashboard = await fixture.open({
        query: Dashboard.rangeQuery(),
        viewport: { width, height: 1600 },
      });
      const { page } = dashboard;
      await page.addInitScript(WATCH_SHIFTS);
      let answer: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (answer = resolve));
      await page.route('**/admin/ops/**', async (route) => {
        await held;
        await route.continue();
      });
      await page.reload();
      await eventually(
        () => page.evaluate<boolean>("performance.getEntriesByName('first-contentful-paint').length > 0"),
        'the first paint',
      );
      // Nothing was painted before there was a script that draws it.
      expect(
        await page.evaluate<boolean>(`(() => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          const script = performance.getEntriesByType('resource').find(({ name }) => name.endsWith('.js'));
          return paint.startTime > script.responseEnd;
        })()`),
      ).toBe(true);
      const first = await boxes(page);
      answer();
      await dashboard.settled();
      expect(await boxes(page)).toEqual(first);
      expect(await shifts(page)).toEqual([]);
      await dashboard.close();
    },
  );

  test('while nothing has come yet, everything is there at its size, and says so', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    const final = await boxes(page);
    await page.route('**/admin/ops/**', () => undefined); // never answered
    await page.reload();
    await page.locator('#app').waitFor();
    expect(await boxes(page)).toEqual(final);
    expect(await page.locator('#verdict').innerText()).toContain('Loading…');
    for (const part of ['#glance', '#charts', '#distribution', '[data-breakdown]']) {
      expect([part, await page.locator(part).getAttribute('class')]).toEqual([
        part,
        expect.stringContaining('waiting'),
      ]);
    }
    expect(await axe(page)).toEqual([]);
    await dashboard.close();
  });

  test('numbers of another range are visibly old until the new ones are there', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/admin/ops/**', async (route) => {
      await held;
      await route.continue();
    });
    const old = await page.locator('[data-tile="requests"] .tile-value').innerText();
    const look = (): Promise<string> =>
      page.evaluate<string>(
        `getComputedStyle(document.querySelector('[data-tile="requests"]')).borderTopStyle`,
      );
    expect(await look()).toBe('solid');
    await page.getByRole('button', { name: '7 d' }).click();
    for (const part of ['#glance', '#charts', '#distribution', '[data-breakdown]']) {
      expect([part, await page.locator(part).getAttribute('class')]).toEqual([
        part,
        expect.stringContaining('old'),
      ]);
    }
    expect(await look()).toBe('dashed');
    expect(await page.locator('[data-tile="requests"] .tile-value').innerText()).toBe(old);
    expect(await axe(page)).toEqual([]);
    answer();
    await dashboard.settled();
    expect(await look()).toBe('solid');
    expect(await page.locator('.old').count()).toBe(0);
    await dashboard.close();
  });

  test.each([
    ['light', []],
    ['dark', ['color-contrast']], // nothing else depends on it
  ] as const)(
    'axe finds nothing in any state: %s',
    async (colorScheme, rules) => {
      const dashboard = await fixture.open({
        query: Dashboard.rangeQuery(),
        colorScheme,
        reducedMotion: 'reduce',
      });
      const { page } = dashboard;
      const found: [string, string[]][] = [['ready', await axe(page, ...rules)]];
      const see = async (state: string): Promise<void> => {
        found.push([state, await axe(page, ...rules)]);
      };
      await page.locator('#filter-model').click();
      await page.locator('#list-model [role="option"]').first().waitFor();
      await see('a filter is open');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Custom' }).click();
      await page.locator('[data-chart="duration"] summary').click();
      await page.getByRole('group', { name: 'List requests' }).getByRole('button', { name: 'All' }).click();
      await dashboard.settled();
      await see('everything unfolded');
      for (const by of ['Group', 'Model', 'Errors']) {
        await page.getByRole('group', { name: 'Breakdown by' }).getByRole('button', { name: by }).click();
        await dashboard.settled();
      }
      await see('errors');
      await page.getByRole('button', { name: 'Cost and speed' }).click();
      await dashboard.settled();
      await see('cost');
      await page.getByRole('button', { name: 'Operations', exact: true }).click();
      await dashboard.settled();
      await see('operations');
      await page.getByRole('button', { name: 'Metrics', exact: true }).click();
      await dashboard.settled();
      await page.route('**/admin/ops/trend*', (route) => route.abort('connectionrefused'));
      await dashboard.refresh();
      await dashboard.settled('error');
      await see('a part that failed');
      await page.route('**/admin/ops/**', (route) => route.abort('connectionrefused'));
      await dashboard.refresh();
      await dashboard.settled('error');
      await see('everything failed');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await see('signed out');
      expect(found.filter(([, violations]) => violations.length > 0)).toEqual([]);
      await dashboard.close();
    },
    180_000,
  );

  test.each([320, 2560])('%i pixels are enough, without scrolling sideways', async (width) => {
    const dashboard = await fixture.open({
      query: Dashboard.rangeQuery({ requests: 'error' }),
      viewport: { width, height: 900 },
    });
    const { page } = dashboard;
    for (const name of ['Custom', 'Metrics', 'Operations']) {
      await page.getByRole('button', { name, exact: true }).click();
      await dashboard.settled();
      expect([name, await page.evaluate<number>('document.documentElement.scrollWidth')]).toEqual([
        name,
        width,
      ]);
    }
    await dashboard.close();
  });
});

describeInBrowser('dashboard: a database without any request', () => {
  test('shows the lines that bring the first row, and they do', async () => {
    const fixture = await DashboardFixture.start('dashboard_empty', 0);
    const dashboard = await fixture.open();
    const { page } = dashboard;
    await page.getByRole('heading', { name: 'No request has been logged yet' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await fixture.gateway.database.dataSource.query(await page.locator('.empty-state pre').innerText());
    await fixture.gateway.refresh();
    await page.locator('[data-tile="requests"] .tile-value').waitFor();
    await page.getByText('Too little traffic to judge').waitFor();
    await dashboard.close();
    await fixture.stop();
  });
});
