import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Locator } from 'playwright-core';
import type { Breakdown, BreakdownItem, Overview } from '../../src/ops/read/read.types.js';
import { axe } from './support/axe.js';
import { Dashboard, DashboardFixture, describeInBrowser, type OpenOptions } from './support/browser.js';

const LONG =
  'a-model-with-a-name-that-is-longer-than-any-column-of-any-table-would-ever-want-to-be-on-a-screen';

describeInBrowser('dashboard: tables', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_tables');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  /** A page whose breakdown by model has such rows: each a change of a real one. */
  const openWith = async (
    rows: readonly Partial<BreakdownItem>[],
    query: Record<string, string> = {},
    options: OpenOptions = {},
  ): Promise<Dashboard> => {
    const dashboard = await fixture.open({
      query: Dashboard.rangeQuery({ by: 'model', ...query }),
      signedIn: false,
      ...options,
    });
    await dashboard.page.route('**/admin/ops/breakdown?*by=model*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as Breakdown;
      const [first] = answer.items;
      const items = rows.map((row) => ({ ...first, label: null, ...row }));
      await route.fulfill({ response, json: { ...answer, total: items.length, items } });
    });
    await dashboard.enter();
    return dashboard;
  };
  const names = async (dashboard: Dashboard): Promise<string[]> =>
    dashboard.page.locator('[data-breakdown] tbody tr > th button.row-filter').allInnerTexts();
  const sortBy = async (dashboard: Dashboard, head: string): Promise<string | null> => {
    await dashboard.page
      .locator('[data-breakdown] thead')
      .getByRole('button', { name: head, exact: true })
      .click();
    await dashboard.settled();
    return (await dashboard.query()).get('sort');
  };
  const row = (dashboard: Dashboard, name: string): Locator =>
    dashboard.page.locator('[data-breakdown] tbody').getByRole('button', { name, exact: true });

  const styleOf = (dashboard: Dashboard, selector: string, property: string): Promise<string> =>
    dashboard.page.evaluate<string>(
      `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).${property}`,
    );

  const SLAS = [
    { key: 'good', sla: 0.999, requestCountSla: 1000, requestCountTotal: 1000 },
    { key: 'none', sla: null, requestCountSla: 0, requestCountTotal: 900 },
    { key: 'few', sla: 0.1, requestCountSla: 10, requestCountTotal: 10 },
    { key: 'bad', sla: 0.9, requestCountSla: 800, requestCountTotal: 800 },
    { key: 'so-so', sla: 0.97, requestCountSla: 700, requestCountTotal: 700 },
    { key: 'so-so too', sla: 0.97, requestCountSla: 600, requestCountTotal: 600 },
  ];

  test('the worst SLA comes first, what is not judged follows, what has none is last; the address has it', async () => {
    const dashboard = await openWith(SLAS);
    expect(await sortBy(dashboard, 'SLA')).toBe('sla');
    expect(await names(dashboard)).toEqual(['bad', 'so-so', 'so-so too', 'good', 'few', 'none']);
    expect(await dashboard.page.locator('[data-breakdown] .reading').innerText()).toContain(
      'fewer than 50 requests, follow the others',
    );
    expect(await sortBy(dashboard, 'SLA')).toBe('-sla');
    expect(await names(dashboard)).toEqual(['good', 'so-so', 'so-so too', 'bad', 'few', 'none']);
    await dashboard.page.reload();
    await dashboard.settled();
    expect((await names(dashboard))[0]).toBe('good');
    await dashboard.page.goBack();
    await dashboard.settled();
    expect((await names(dashboard))[0]).toBe('bad');
    const colours = await dashboard.page
      .locator('[data-breakdown] td[data-column="sla"]')
      .evaluateAll((cells: { className: string }[]) =>
        cells.map(({ className }) => /level-\w+/.exec(className)?.[0]),
      );
    expect(colours.slice(0, 5)).toEqual([
      'level-critical',
      'level-degraded',
      'level-degraded',
      'level-healthy',
      'level-unknown',
    ]);
    await dashboard.close();
  });

  test.each([
    ['Error rate', '-errors'],
    ['Duration p95', '-duration'],
    ['Cost', '-cost'],
    ['Cache hit rate', 'hits'],
    ['Output speed p50', 'speed'],
    ['Model', 'name'],
  ])('a click on %s sorts the interesting end first, a second one the other', async (head, sort) => {
    const dashboard = await openWith(SLAS);
    expect(await sortBy(dashboard, head)).toBe(sort);
    const second = sort.startsWith('-') ? sort.slice(1) : `-${sort}`;
    expect(await sortBy(dashboard, head)).toBe(second);
    await dashboard.close();
  });

  test('a click shows one alone, with Shift several, by keyboard too; all stay listed', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const all = await names(dashboard);
    const platforms = async (): Promise<string[]> => {
      await dashboard.settled();
      return (await dashboard.query()).getAll('platform');
    };
    await row(dashboard, 'openai').click();
    expect(await platforms()).toEqual(['openai']);
    await row(dashboard, 'anthropic').click({ modifiers: ['Shift'] });
    expect(await platforms()).toEqual(['openai', 'anthropic']);
    await row(dashboard, 'gemini').focus();
    await dashboard.page.keyboard.press('Shift+Enter');
    expect(await platforms()).toEqual(['openai', 'anthropic', 'gemini']);
    await row(dashboard, 'openai').click({ modifiers: ['ControlOrMeta'] });
    expect(await platforms()).toEqual(['anthropic', 'gemini']);
    expect(await names(dashboard)).toEqual(all);
    const pressed = await dashboard.page.locator('[data-breakdown] th [aria-pressed="true"]').allInnerTexts();
    expect(pressed.toSorted()).toEqual(['anthropic', 'gemini']);
    await row(dashboard, 'gemini').click();
    expect(await platforms()).toEqual(['gemini']);
    await row(dashboard, 'gemini').click();
    expect(await platforms()).toEqual([]);
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  test('a long name ends in an ellipsis, and is there in full for the keyboard and the mouse', async () => {
    const dashboard = await openWith([{ key: 'short' }, { key: LONG }, { key: '' }]);
    const long = '[data-breakdown] tbody tr:nth-child(2) .long';
    const width = (of: string): Promise<number> =>
      dashboard.page.evaluate<number>(`document.querySelector('${long}').${of}`);
    expect((await width('scrollWidth')) - (await width('clientWidth'))).toBeGreaterThan(100);
    await row(dashboard, LONG).hover();
    const inFull = async (): Promise<boolean> =>
      (await styleOf(dashboard, long, 'overflow')) === 'visible' &&
      (await width('offsetWidth')) >= (await width('scrollWidth'));
    expect(await inFull()).toBe(true);
    await dashboard.page.mouse.move(0, 0);
    expect(await inFull()).toBe(false);
    await row(dashboard, 'short').focus();
    await dashboard.page.keyboard.press('Tab'); // "List" of that row
    await dashboard.page.keyboard.press('Tab');
    expect(await inFull()).toBe(true);
    await dashboard.close();
  });

  test('names that are none are named, and explained', async () => {
    const dashboard = await openWith([{ key: '(none)' }, { key: '' }, { key: '  ' }, { key: '(other)' }]);
    expect(await names(dashboard)).toEqual(['(none)', '(empty)', '(empty)', '(other)']);
    const note = await dashboard.page.locator('[data-breakdown] .reading').innerText();
    expect(note).toContain('(none): requests without a value of model.');
    expect(note).toContain('(empty): the model is an empty text.');
    expect(note).toContain('(other): all the others together');
    await dashboard.close();
  });

  test('the head stays while a long table scrolls', async () => {
    const dashboard = await openWith(Array.from({ length: 80 }, (_, n) => ({ key: `model ${n}` })));
    expect(await names(dashboard)).toHaveLength(10);
    await dashboard.page.getByRole('button', { name: 'Show all 80' }).click();
    expect(await names(dashboard)).toHaveLength(80);
    const table = dashboard.page.getByRole('region', { name: 'By model' });
    const scrolled = await dashboard.page.evaluate<number>(`(() => {
      const region = document.querySelector('[data-breakdown] .scroll');
      region.scrollTo(0, region.scrollHeight);
      return region.scrollTop;
    })()`);
    expect(scrolled).toBeGreaterThan(1000);
    const [region, head] = [await table.boundingBox(), await table.locator('thead th').first().boundingBox()];
    expect(head?.y).toBe(region?.y);
    expect(await table.locator('tbody tr').last().isVisible()).toBe(true);
    await dashboard.close();
  });

  test('a column has one unit and as many decimals in every row', async () => {
    const dashboard = await openWith([
      { key: 'a', tokenConsumed: '23000000', actualCost: '1234.5' },
      { key: 'b', tokenConsumed: '1234567', actualCost: '0.25' },
      { key: 'c', tokenConsumed: '12', actualCost: '0.0001' },
    ]);
    const cells = async (column: string): Promise<string[]> =>
      (await dashboard.page.locator(`td[data-column="${column}"]`).allInnerTexts()).map((text) =>
        text.replaceAll('\u00a0', ' '),
      );
    expect(await cells('tokens')).toEqual(['23.00 M', '1.23 M', '<0.01 M']);
    expect(await cells('cost')).toEqual(['1,234.50', '0.25', '<0.01']);
    await dashboard.close();
  });

  test('390 pixels show the three columns that matter, and the others unfold', async () => {
    const dashboard = await openWith(SLAS, {}, { viewport: { width: 390, height: 844 } });
    const heads = dashboard.page.locator('[data-breakdown] thead th:visible');
    const seen = await heads.allInnerTexts();
    expect(seen.map((head) => head.trim())).toEqual(['Model', 'Requests', 'SLA']);
    const first = dashboard.page.locator('[data-breakdown] .unfold').first();
    expect(await first.getAttribute('aria-expanded')).toBe('false');
    await first.focus();
    await dashboard.page.keyboard.press('Enter');
    expect(await first.getAttribute('aria-expanded')).toBe('true');
    const facts = await dashboard.page.locator('[data-breakdown] .unfolded dt').allInnerTexts();
    expect(facts).toHaveLength(10);
    expect(facts).toContain('Duration p95');
    expect(await dashboard.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    await dashboard.page.keyboard.press('Enter');
    expect(await dashboard.page.locator('[data-breakdown] .unfolded').count()).toBe(0);
    await dashboard.close();
  });

  test('320 pixels are enough for every table, without scrolling sideways', async () => {
    const dashboard = await openWith(
      [...SLAS, { key: LONG }],
      { requests: 'all' },
      { viewport: { width: 320, height: 700 } },
    );
    await dashboard.page.locator('#requests tbody tr').nth(5).waitFor();
    const overflow = `['[data-breakdown] .scroll', '#requests .scroll', 'html'].map((one) => {
      const element = document.querySelector(one);
      return element.scrollWidth - element.clientWidth;
    })`;
    expect(await dashboard.page.evaluate<number[]>(overflow)).toEqual([0, 0, 0]);
    await dashboard.close();
  });

  test.each([
    ['breakdown', '[data-breakdown]', ['Model', 'Key', 'Requests']],
    ['requests', '#requests', ['Request', 'kind', 'requestId']],
  ])('the %s is saved as a file, numbers as they are', async (_, selector, heads) => {
    const dashboard = await openWith([{ key: '=1+1', requestCountTotal: 12_345 }, { key: 'a,b' }], {
      requests: 'success',
    });
    await dashboard.page.locator('#requests tbody tr').nth(9).waitFor();
    const [download] = await Promise.all([
      dashboard.page.waitForEvent('download'),
      dashboard.page
        .locator(selector)
        .getByRole('button', { name: /as CSV$/ })
        .click(),
    ]);
    const text = await readFile(await download.path(), 'utf8');
    const lines = text.replace('\ufeff', '').trimEnd().split('\r\n');
    expect(lines[0]?.split(',').slice(0, 3)).toEqual(heads);
    if (selector === '#requests') {
      expect(lines).toHaveLength(1 + (await dashboard.page.locator('#requests tbody tr').count()));
      expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,success,/);
    } else {
      expect(lines[0]).toContain('Duration p95 (ms)');
      expect(lines[1]).toMatch(/^'=1\+1,'=1\+1,12345,0\.\d+,/);
      expect(lines[2]).toMatch(/^"a,b","a,b",/);
    }
    await dashboard.close();
  });

  test('a colour means the same in the verdict and in the table, also on a row that is marked', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const dashboard = await openWith(SLAS, { dimension: 'model', key: 'so-so' }, { colorScheme });
      await dashboard.page.route('**/admin/ops/overview?*', async (route) => {
        const response = await route.fetch();
        const overview = (await response.json()) as Overview;
        const counts = { requestCountTotal: 1000, requestCountSla: 1000 };
        const change = { ...counts, sla: 0.97, upstreamErrorRate: 0, previous: overview };
        await route.fulfill({ response, json: { ...overview, ...change } });
      });
      await dashboard.page.reload();
      await dashboard.settled();
      const marked = 'tr.selected td[data-column="sla"]';
      const colour = await styleOf(dashboard, marked, 'color');
      const verdict = '#verdict[data-level="degraded"] .verdict-icon';
      expect(await styleOf(dashboard, verdict, 'backgroundColor')).toBe(colour);
      expect(await axe(dashboard.page)).toEqual([]);
      await dashboard.close();
    }
  });

  test('what is under way has its place, and what is empty says what to do', async () => {
    const dashboard = await openWith([]);
    expect(await dashboard.page.locator('[data-breakdown]').innerText()).toContain(
      'No model in this range. Choose a longer range.',
    );
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    await dashboard.page.route('**/admin/ops/breakdown?*by=error*', async (route) => {
      await answered;
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as Breakdown), errors: [] } });
    });
    const choice = dashboard.page.getByRole('group', { name: 'Breakdown by' });
    await choice.getByRole('button', { name: 'Errors' }).click();
    await dashboard.page.locator('[data-breakdown="error"] .bone').first().waitFor();
    answer();
    await dashboard.page.getByText('No errors in this range.').waitFor();
    expect(await dashboard.page.locator('.bone').count()).toBe(0);
    await dashboard.close();
  });

  test('the model, the account and the group of a request lead to the page of that alone', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery({ requests: 'success' }) });
    const cell = (of: string): Locator =>
      dashboard.page.locator(`#requests td[data-column="${of}"] button`).first();
    const model = await cell('model').innerText();
    await cell('model').click();
    await dashboard.settled();
    expect((await dashboard.query()).getAll('key')).toEqual([model]);
    await dashboard.page.locator('#requests tbody tr').first().waitFor();
    const account = await cell('account').innerText();
    await cell('account').click();
    await dashboard.settled();
    const query = await dashboard.query();
    expect([query.get('dimension'), query.get('key')]).toEqual(['account', account]);
    await dashboard.close();
  });
});
