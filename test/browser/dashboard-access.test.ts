import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';

const FAILURE = {
  code: 'INTERNAL_SERVER_ERROR',
  message: 'The request failed; the log says why.',
  field: null,
};

describeInBrowser('dashboard: access and states', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_access');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('asks for the token once per tab, refuses a wrong one, and forgets it at sign-out', async () => {
    const dashboard = await fixture.open({ signedIn: false, query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    await dashboard.signIn('not-the-token');
    await page.getByText('This token was refused.').waitFor();
    expect(await page.locator('#app').isVisible()).toBe(false);

    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
    expect(await page.locator('#sign-in').isVisible()).toBe(false);
    await page.reload();
    await dashboard.settled();
    expect(await page.evaluate<string>('JSON.stringify({ ...localStorage })')).not.toContain(
      fixture.gateway.token,
    );

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.reload();
    await page.getByLabel('Admin token').waitFor();
    expect(await page.evaluate<number>('sessionStorage.length')).toBe(0);
    // The browser itself reports the refused request; nothing else may be there.
    expect(dashboard.complaints.filter((text) => !text.includes('401'))).toEqual([]);
    await dashboard.close();
  });

  test('a token that is not accepted any more leads back to the sign-in', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    await dashboard.page.route('**/admin/ops/trend*', (route) =>
      route.fulfill({ status: 401, json: { code: 'UNAUTHORIZED', message: 'No.', field: null } }),
    );
    await dashboard.page.getByRole('button', { name: '24 h' }).click();
    await dashboard.page.getByText('The token is not accepted any more.').waitFor();
    expect(await dashboard.page.locator('#app').isVisible()).toBe(false);
    await dashboard.close();
  });

  const PANELS = [
    ['overview', '**/admin/ops/overview*', '#glance', '.tiles'],
    ['trend', '**/admin/ops/trend*', '#charts', '[data-chart="requests"]'],
    ['breakdown', '**/admin/ops/breakdown*by=platform*', '[data-breakdown="platform"]', '.scroll'],
    ['distribution', '**/admin/ops/latency-distribution*', '#distribution', '.distribution'],
    ['status', '**/admin/ops/status', '#facts', '.facts', 'operations'],
    [
      'rebuilds',
      '**/admin/ops/rebuilds',
      '[data-panel="rebuild"] .history',
      ':is(.scroll, .empty)',
      'operations',
    ],
  ] as const;

  test.each(PANELS)('a failing %s keeps its old content, fails alone, and is retried', async (...panel) => {
    const [part, url, selector, content, on = 'metrics'] = panel;
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery({ page: on }) });
    const { page } = dashboard;
    await page.route(url, (route) => route.fulfill({ status: 500, json: FAILURE }));
    await dashboard.refresh();
    await dashboard.settled('error');
    const problems = page.locator('.panel-problem');
    expect(await problems.count()).toBe(1);
    const problem = page.locator(`${selector} > .panel-problem`);
    expect(await problem.getAttribute('role')).toBe('alert');
    expect(await problem.innerText()).toContain('The request failed; the log says why.');
    expect(await problem.innerText()).toMatch(/numbers here are from \d\d:\d\d:\d\d/);
    expect(await page.locator(`${selector} ${content}`).count()).toBe(1);
    expect(await page.locator(selector).getAttribute('class')).toContain('outdated');
    expect(await page.locator('#problem').isVisible()).toBe(false);
    // The rest goes on.
    for (const [other, , place] of PANELS) {
      const outdated = await page.locator(`${place}.outdated, ${place}.lost`).count();
      expect([other, outdated]).toEqual([other, other === part ? 1 : 0]);
    }

    await page.unroute(url);
    let asked = 0;
    page.on('request', () => (asked += 1));
    await problem.getByRole('button', { name: /^Try again/ }).click();
    await dashboard.settled();
    expect(asked).toBe(1);
    expect(await problems.count()).toBe(0);
    expect(await page.locator('.outdated, .lost').count()).toBe(0);
    await dashboard.close();
  });

  test('a list to choose from that fails says so in its place, and is asked for again', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    await page.route('**/admin/ops/breakdown*by=group*', (route) =>
      route.fulfill({ status: 500, json: FAILURE }),
    );
    await page.locator('#filter-group').click();
    await page.getByText('Not listed: The request failed; the log says why.').waitFor();
    await page.unroute('**/admin/ops/breakdown*by=group*');
    await page.keyboard.press('Escape');
    await page.locator('#filter-group').click();
    await page.locator('#list-group [role="option"]').first().waitFor();
    await dashboard.close();
  });

  test('names of chosen groups that cannot be had are asked for once, and not with every rendering', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery({ group: '1' }), signedIn: false });
    const { page } = dashboard;
    let asked = 0;
    await page.route('**/admin/ops/breakdown*by=group*', (route) => {
      asked += 1;
      return route.fulfill({ status: 500, json: FAILURE });
    });
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.waitForTimeout(500);
    expect(asked).toBe(1);
    await dashboard.close();
  });

  test('a part that fails for another range shows nothing of the old one, and heals by itself', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    let failures = 0;
    await page.route('**/admin/ops/trend*', (route) => {
      failures += 1;
      return failures === 1 ? route.abort('connectionrefused') : route.continue();
    });
    await page.getByRole('button', { name: '24 h' }).click();
    await dashboard.settled('error');
    expect(await page.locator('#charts > .panel-problem').innerText()).toContain(
      'The server cannot be reached.',
    );
    expect(await page.locator('#charts canvas').first().isVisible()).toBe(false);
    expect(await page.locator('.tile-value').first().isVisible()).toBe(true);
    // No hand is moved: the page asks again.
    await dashboard.settled();
    expect(await page.locator('#charts canvas').first().isVisible()).toBe(true);
    await dashboard.close();
  });

  test('a part that takes its time holds up no other', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery(), signedIn: false });
    const { page } = dashboard;
    await page.route('**/admin/ops/trend*', () => undefined); // never answered
    await dashboard.signIn(fixture.gateway.token);
    await page.locator('.tile-value').first().waitFor();
    await page.locator('[data-breakdown="platform"] tbody tr').first().waitFor();
    await page.locator('#distribution .bin').first().waitFor();
    await dashboard.close();
  });

  test('a server that cannot be reached is said to be once, and the numbers say how old they are', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    await page.route('**/admin/ops/**', (route) => route.abort('connectionrefused'));
    await dashboard.refresh();
    await dashboard.settled('error');
    const problem = page.locator('#problem');
    expect(await problem.getAttribute('role')).toBe('alert');
    expect(await problem.innerText()).toContain('The server cannot be reached.');
    expect(await problem.innerText()).toMatch(/numbers below are from \d\d:\d\d:\d\d/);
    expect(await page.locator('.panel-problem').count()).toBe(0);
    await page.unroute('**/admin/ops/**');
    await problem.getByRole('button', { name: 'Try again' }).click();
    await dashboard.settled();
    expect(await problem.isVisible()).toBe(false);
    await dashboard.close();
  });

  test('from the first load on', async () => {
    const dashboard = await fixture.open({ signedIn: false });
    const { page } = dashboard;
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
    await page.route('**/admin/ops/overview*', (route) => route.abort('connectionrefused'));
    await page.reload();
    await dashboard.settled('error');
    expect(await page.locator('#glance > .panel-problem').innerText()).toContain(
      'The server cannot be reached.',
    );
    expect(await page.locator('#verdict').isVisible()).toBe(false);
    expect(await page.locator('#charts canvas').first().isVisible()).toBe(true);
    await dashboard.close();
  });

  test('a range without traffic says so, and offers a way out', async () => {
    const query = '?from=2020-01-01T00:00Z&to=2020-01-02T00:00Z';
    const dashboard = await fixture.open({ query });
    await dashboard.page.getByText('The gateway has logged no request in this range.').waitFor();
    expect(await dashboard.page.locator('#verdict').innerText()).toContain('No traffic');
    expect(await dashboard.page.locator('#numbers').isVisible()).toBe(false);
    await dashboard.page.getByRole('button', { name: 'Show the last 30 days' }).click();
    await dashboard.settled();
    expect(await dashboard.page.locator('#numbers').isVisible()).toBe(true);
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  /** Else the hours of the range would be answered from their minutes, or as a moment ago: for two seconds. */
  const withoutMinutes = async (): Promise<void> => {
    await fixture.gateway.database.dataSource.query(
      'UPDATE ops_metrics_live SET minutes_from = live_through',
    );
    await new Promise((resolve) => setTimeout(resolve, 2_100));
  };

  test('hours that wait to be recomputed make the page say that numbers are not final', async () => {
    const { database } = fixture.gateway;
    const bucket = Dashboard.hourOfRange(20);
    await withoutMinutes();
    await database.dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ($1, 'late_rows')`,
      [bucket],
    );
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const stale = dashboard.page.locator('#stale');
    expect(await stale.innerText()).toContain(`complete up to`);
    expect(await stale.innerText()).toContain(bucket.slice(11, 16));
    expect(await stale.innerText()).toMatch(/1\s+hour of this range/);
    await database.dataSource.query('DELETE FROM ops_metrics_invalidations WHERE bucket_start = $1', [
      bucket,
    ]);
    await dashboard.page.waitForTimeout(600); // for half a second the last answer is given again
    await dashboard.refresh();
    await dashboard.settled();
    expect(await stale.isVisible()).toBe(false);
    await dashboard.close();
  });

  test('hours that are not rolled up yet make the page say how many are missing', async () => {
    const { dataSource } = fixture.gateway.database;
    await withoutMinutes();
    const [from, to] = [0, 12].map((hour) => Dashboard.hourOfRange(hour));
    const days = `bucket_date BETWEEN ($1::timestamptz AT TIME ZONE 'UTC')::date AND ($2::timestamptz AT TIME ZONE 'UTC')::date`;
    await dataSource.query(
      `CREATE TABLE kept_hours AS SELECT * FROM ops_metrics_hourly WHERE bucket_start >= '${from}' AND bucket_start < '${to}'`,
    );
    await dataSource.query('DELETE FROM ops_metrics_hourly h USING kept_hours k WHERE k.id = h.id');
    await dataSource.query(`UPDATE ops_metrics_daily SET computed_at = bucket_date WHERE ${days}`, [
      from,
      to,
    ]);
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    expect(await dashboard.page.locator('#stale').innerText()).toMatch(
      /9\s+hours not rolled up yet are missing/,
    );
    await dataSource.query('INSERT INTO ops_metrics_hourly SELECT * FROM kept_hours');
    await dataSource.query('DROP TABLE kept_hours');
    await dataSource.query(`UPDATE ops_metrics_daily SET computed_at = now() WHERE ${days}`, [from, to]);
    await dashboard.close();
  });
});
