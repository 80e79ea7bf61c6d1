import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  compact,
  count,
  money,
  moneys,
  percent,
  perSecond,
  tokenRate,
  tokenRates,
} from '../../src/ops/dashboard/client/format.js';
import type { Breakdown, Overview, Trend } from '../../src/ops/read/read.types.js';
import type { Requests } from '../../src/ops/requests/requests.schemas.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';

describeInBrowser('dashboard: slices and requests', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_slices');
    // Names that a table must cope with, in an hour of their own that is rolled up again.
    await fixture.gateway.database.dataSource.query(
      `INSERT INTO ops_error_logs (error_phase, error_type, error_owner, status_code, upstream_status_code, platform, model, created_at)
       SELECT 'upstream', 'a_rare_error', 'provider', 502, 529, 'openai', (ARRAY['', '<b>"x"', NULL])[1 + n % 3], $1::timestamptz
       FROM generate_series(1, 120) AS n`,
      [Dashboard.hourOfRange(9)],
    );
    const { id } = await fixture.gateway.call<{ id: string }>('refresh', {}, 'POST');
    let state = 'running';
    while (state === 'running') {
      ({ state } = await fixture.gateway.call<{ state: string }>(`refresh/${id}`, {}));
    }
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

  const by = async (name: string): Promise<void> => {
    const choice = dashboard.page.getByRole('group', { name: 'Breakdown by' });
    await choice.getByRole('button', { name, exact: true }).click();
    await dashboard.settled();
  };
  const tile = (id: string): Promise<string> =>
    dashboard.page.locator(`[data-tile="${id}"] .tile-value`).innerText();
  /** A table shows its first rows; how many there are depends on the hours of the sample traffic. */
  const unfold = async (): Promise<void> => {
    const more = dashboard.page.getByRole('button', { name: /^Show all/ });
    if (await more.isVisible()) {
      await more.click();
    }
  };
  const listed = async (rows: number): Promise<void> => {
    await dashboard.page
      .locator('#requests tbody tr')
      .nth(rows - 1)
      .waitFor();
  };

  test.each([
    ['Model', 'model'],
    ['Account', 'account'],
  ])('by %s: every key with its numbers, names that are none included', async (name, dimension) => {
    await by(name);
    expect((await dashboard.query()).get('by')).toBe(dimension);
    const { items } = await dashboard.answer<Breakdown>('breakdown', { by: dimension, limit: '200' });
    expect(items.length).toBeGreaterThan(3);
    await unfold();
    const rows = await dashboard.rows(`[data-breakdown="${dimension}"]`);
    expect(rows.map(([text, requests, share]) => [text, requests, share])).toEqual(
      items.map((item) => [
        item.label ?? (item.key === '' ? '(empty)' : item.key),
        count(item.requestCountTotal),
        percent(item.share),
      ]),
    );
    const costs = moneys(Math.max(...items.map(({ actualCost }) => Number(actualCost))));
    const orNothing = (value: number | null, shown: (value: number) => string): string =>
      value === null ? '–' : shown(value);
    expect(rows.map((cells) => cells.slice(9, 12))).toEqual(
      items.map((item) => [
        orNothing(item.actualCost === null ? null : Number(item.actualCost), costs),
        percent(item.cacheHitRate),
        orNothing(item.outputSpeed.p50, tokenRates(0)),
      ]),
    );
    expect(items.some(({ key }) => key === '(none)')).toBe(true);
    const none = dashboard.page.getByRole('button', { name: '(none)', exact: true });
    expect(await none.getAttribute('title')).toContain('Requests without a value');
  });

  test('a row filters the whole page; the chip, the row and the back button let go', async () => {
    const all = await tile('requests');
    await by('Model');
    const row = dashboard.page
      .locator('[data-breakdown="model"] tbody')
      .getByRole('button', { name: 'gpt-4o', exact: true });
    await row.focus();
    await dashboard.page.keyboard.press('Enter');
    await dashboard.settled();
    const query = await dashboard.query();
    expect([query.get('dimension'), query.get('key')]).toEqual(['model', 'gpt-4o']);
    const scope = { dimension: 'model', key: 'gpt-4o' };
    const overview = await dashboard.answer<Overview>('overview', scope);
    expect(await tile('requests')).toBe(perSecond(overview.requestsPerSecond));
    expect(await tile('cost')).toBe(money(overview.actualCost));
    expect(await row.getAttribute('aria-pressed')).toBe('true');

    // The charts are of the key too.
    await dashboard.page.getByRole('button', { name: 'Cost and speed' }).click();
    await dashboard.settled();
    const { points } = await dashboard.answer<Trend>('trend', scope);
    for (const [id, shown] of Object.entries({
      cost: points.map((p) => [money(p.actualCost)]),
      'token-kinds': points.map((p) =>
        [p.inputTokens, p.cacheReadTokens, p.cacheCreationTokens, p.outputTokens].map((n) =>
          compact(Number(n)),
        ),
      ),
      cache: points.map((p) => [percent(p.cacheHitRate)]),
      speed: points.map((p) => [tokenRate(p.outputSpeed.avg)]),
    })) {
      await dashboard.page.locator(`[data-chart="${id}"] summary`).click();
      await dashboard.page.locator(`[data-chart="${id}"] tbody tr`).first().waitFor();
      const rows = await dashboard.rows(`[data-chart="${id}"]`);
      expect([id, rows.map((cells) => cells.slice(1))]).toEqual([id, shown]);
    }

    // Numbers by another set are not kept of one key: that is said, and none are shown.
    for (const other of ['Account', 'Platform', 'Errors']) {
      await by(other);
      const panel = dashboard.page.locator('[data-breakdown]');
      expect(await panel.innerText()).toMatch(/are not kept of one model alone/);
      expect(await panel.locator('table').count()).toBe(0);
    }
    await dashboard.page.reload();
    await dashboard.settled();
    expect(await tile('requests')).toBe(perSecond(overview.requestsPerSecond));

    await dashboard.page.getByRole('button', { name: 'Remove the filter model: gpt-4o' }).click();
    await dashboard.settled();
    expect(await tile('requests')).toBe(all);
    await dashboard.page.goBack();
    await dashboard.settled();
    expect(await tile('requests')).toBe(perSecond(overview.requestsPerSecond));
  });

  test('a platform and a set that is not kept within it do not go together', async () => {
    await dashboard.page
      .locator('[data-breakdown="platform"]')
      .getByRole('button', { name: 'openai', exact: true })
      .click();
    await by('Model');
    expect(await dashboard.page.locator('[data-breakdown]').innerText()).toContain(
      'not within a platform or a group',
    );
    await dashboard.page.getByRole('button', { name: 'Remove the filter platform: openai' }).click();
    await dashboard.settled();
    await dashboard.page
      .locator('[data-breakdown="model"]')
      .getByRole('button', { name: 'gpt-4o', exact: true })
      .click();
    await dashboard.settled();
    await dashboard.page.locator('#filter-platform').click();
    await dashboard.page.getByRole('option', { name: 'anthropic' }).click();
    await dashboard.settled();
    expect([...(await dashboard.query()).keys()].sort()).toEqual(['by', 'from', 'platform', 'to']);
  });

  test('kinds of errors, with their change; one opens its requests, and they are of that kind', async () => {
    await by('Errors');
    const { errors } = await dashboard.answer<Breakdown>('breakdown', { by: 'error', limit: '200' });
    await unfold();
    const rows = await dashboard.rows('[data-breakdown="error"]');
    expect(rows.map((cells) => [cells[0], cells[5], cells[6], cells[7]])).toEqual(
      errors.map((item) => [
        item.type ?? '(none)',
        count(item.count),
        percent(item.share),
        count(item.previousCount),
      ]),
    );
    await dashboard.page.getByRole('button', { name: /^List errors: a_rare_error, 5xx, 529/ }).click();
    await listed(50);
    const query = await dashboard.query();
    expect([query.get('requests'), query.get('errorType'), query.get('upstreamStatus')]).toEqual([
      'error',
      'a_rare_error',
      '529',
    ]);
    const cells = await dashboard.rows('#requests');
    expect(
      cells.filter(
        ([first = '']) => !/error 502[^]*a_rare_error · provider · upstream · provider said 529/.test(first),
      ),
    ).toEqual([]);
    // 120 of them, page by page.
    await dashboard.page.locator('#requests').getByRole('button', { name: 'More' }).click();
    await listed(100);
    await dashboard.page.locator('#requests').getByRole('button', { name: 'More' }).click();
    await listed(120);
    await dashboard.page.getByText('120 requests, no more.').waitFor();
    const ids = await dashboard.page.locator('#requests tbody code').allInnerTexts();
    expect(ids).toHaveLength(120);
    expect(new Set(ids).size).toBe(ids.length);

    await dashboard.page.goBack();
    await dashboard.settled();
    expect(await dashboard.page.locator('#requests table').count()).toBe(0);
  });

  test('a row opens its requests, successes and errors told apart', async () => {
    await by('Model');
    await dashboard.page.getByRole('button', { name: 'List the requests of gpt-4o', exact: true }).click();
    await listed(50);
    const { items } = await dashboard.answer<Requests>('requests', { model: 'gpt-4o' });
    const rows = await dashboard.rows('#requests');
    expect(rows.map((row) => row[1]?.split('\n')[0]?.trim())).toEqual(items.map(() => 'gpt-4o'));
    expect(rows.map(([first = '']) => first.includes('success'))).toEqual(
      items.map(({ kind }) => kind === 'success'),
    );
    const costs = items.map((item) => (item.kind === 'success' ? Number(item.actualCost) : null));
    const shown = moneys(Math.max(...costs.map(Number)));
    expect(rows.map((row) => row[9])).toEqual(costs.map((cost) => (cost === null ? '–' : shown(cost))));
  });

  test('a refusal of the list is told in its words', async () => {
    const message =
      'usage_logs has no index that its rows could be listed by; one would serve: usage_logs (created_at)';
    await dashboard.page.route('**/admin/ops/requests?*', (route) =>
      route.fulfill({ status: 409, json: { code: 'REQUESTS_UNSERVED', message, field: null } }),
    );
    await dashboard.page
      .getByRole('group', { name: 'List requests' })
      .getByRole('button', { name: 'All' })
      .click();
    await dashboard.page.getByText(message).waitFor();
    dashboard.complaints.splice(0); // the browser's own, of the status
  });

  test('what is known of part of the range is said, and from when to when', async () => {
    const [from, to] = [Dashboard.hourOfRange(0), Dashboard.hourOfRange(6)];
    const unsplit = { successCount: 1234, from, to };
    await dashboard.page.route('**/admin/ops/{overview,trend,breakdown}?*', async (route) => {
      const response = await route.fetch();
      const answer = (await response.json()) as {
        items?: object[];
        points?: { from: string; unsplit: unknown }[];
        freshness: object;
      };
      Object.assign(answer, 'previous' in answer ? { unsplit } : {});
      Object.assign(answer.freshness, { unsliced: { requests: 77, from, to } });
      answer.items?.forEach((item) => Object.assign(item, { unsplit }));
      answer.points?.filter((point) => point.from < to).forEach((point) => Object.assign(point, { unsplit }));
      await route.fulfill({ response, json: answer });
    });
    await by('Model');
    await dashboard.page
      .locator('[data-breakdown="model"]')
      .getByRole('button', { name: 'gpt-4o', exact: true })
      .click();
    await dashboard.settled();
    const notice = await dashboard.page.locator('#partial').innerText();
    expect(notice).toMatch(/Not in these numbers: 77 requests from .* by model\./);
    expect(notice).toMatch(/Cost, .* not known of 1,234 requests from/);
    expect(await dashboard.page.locator('[data-tile="cost"] .tile-label').innerText()).toContain('in part');
    expect(await dashboard.page.locator('[data-tile="cost"] .tile-change').innerText()).toContain('–');
    expect(await dashboard.page.locator('[data-breakdown="model"] .unsliced').innerText()).toContain(
      '77 requests',
    );
    const costs = await dashboard.page
      .locator('[data-breakdown="model"] td[data-column="cost"]')
      .allInnerTexts();
    expect(costs.filter((text) => !/^(?:.+\*|–)$/.test(text))).toEqual([]);
    await dashboard.page.getByRole('button', { name: 'Cost and speed' }).click();
    await dashboard.settled();
    expect(await dashboard.page.locator('[data-chart="cost"] .note').first().innerText()).toContain(
      'not known from',
    );
    await dashboard.page.locator('[data-chart="cost"] summary').click();
    await dashboard.page.locator('[data-chart="cost"] tbody tr').first().waitFor();
    const rows = await dashboard.rows('[data-chart="cost"]');
    expect(rows.slice(0, 6).map((row) => row[1])).toEqual(Array<string>(6).fill('–'));
  });
});
