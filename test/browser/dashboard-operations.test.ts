import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

describeInBrowser('dashboard: operations', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_operations');
    dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('shows jobs and freshness', async () => {
    const jobs = await dashboard.rows('#facts');
    expect(jobs.map(([name, , , state]) => [name, state])).toEqual([
      ['maintenance', 'succeeded'],
      ['refresh', 'succeeded'],
    ]);
    expect(await dashboard.page.locator('#facts').innerText()).toContain('Hours closed through');
  });

  test('shows hours that fail and hours that are held back', async () => {
    const { dataSource } = fixture.gateway.database;
    const [failing, suspicious] = [Dashboard.hourOfRange(7), Dashboard.hourOfRange(8)];
    await dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, attempts, last_error, next_attempt_at, suspicious_at)
       VALUES ($1, 'late_rows', 3, 'numeric field overflow', now() + interval '1 day', NULL),
         ($2, 'rebuild', 0, NULL, now(), now())`,
      [failing, suspicious],
    );
    await dashboard.page.getByRole('button', { name: 'UTC' }).click();
    const table = dashboard.page.getByRole('region', { name: 'Failing and suspicious buckets' });
    await table.getByText('numeric field overflow').waitFor();
    const states = await table.locator('tbody tr td:nth-child(2)').allInnerTexts();
    expect(states).toEqual(['failing', 'suspicious']);
    expect(await table.innerText()).toContain(failing.slice(11, 16));
    await dataSource.query('DELETE FROM ops_metrics_invalidations WHERE bucket_start IN ($1, $2)', [
      failing,
      suspicious,
    ]);
    await dashboard.page.getByRole('button', { name: 'UTC' }).click();
    await table.waitFor({ state: 'detached' });
  });

  test('a rebuild is started, its progress followed to the end, and the numbers fetched anew', async () => {
    const panel = dashboard.page.locator('[data-panel="rebuild"]');
    await panel.getByLabel(/From/).fill(GatewayProcess.range.from.slice(0, 16));
    await panel.getByLabel(/To/).fill(GatewayProcess.range.to.slice(0, 16));
    await panel.getByLabel(/Reason/).fill('a test');
    const polled = dashboard.page.waitForRequest(/\/rebuilds\/\d+$/);
    await panel.getByRole('button', { name: 'Start rebuild' }).click();
    expect((await polled).headers().authorization).toBe(`Bearer ${fixture.gateway.token}`);
    await panel.locator('[data-state="finished"]').waitFor();
    const item = panel.locator('[data-rebuild]').first();
    expect(await item.getAttribute('data-total')).toBe('24');
    expect(await item.getAttribute('data-done')).toBe('24');
    expect(await item.innerText()).toContain('“a test”');
  });

  test('verify finds what was changed behind its back, and a refresh after fixing it heals', async () => {
    const { dataSource } = fixture.gateway.database;
    const hour = Dashboard.hourOfRange(12); // above the edge of a purge
    const changed: unknown = await dataSource.query(
      `UPDATE ops_metrics_hourly SET success_count = success_count + 7
       WHERE bucket_start = $1 AND platform IS NULL`,
      [hour],
    );
    expect(changed).toEqual([[], 1]);
    const panel = dashboard.page.locator('[data-panel="verify"]');
    await panel.getByLabel(/From/).fill(GatewayProcess.range.from.slice(0, 16));
    await panel.getByLabel(/To/).fill(GatewayProcess.range.to.slice(0, 16));
    await panel.getByLabel(/Fix/).check();
    await panel.getByRole('button', { name: 'Verify' }).click();
    // Where the range is just a UTC day, its daily rows differ from that hour too.
    await panel.getByText(/\d+\s+differences?:/).waitFor();
    const [row = []] = await dashboard.rows('[data-panel="verify"]');
    expect(row.slice(1, 3)).toEqual(['overall', 'success_count']);
    expect(Number(row[3]) - Number(row[4])).toBe(7);

    await dashboard.page.getByRole('button', { name: 'Refresh now' }).click();
    await dashboard.page.getByText(/Recomputed \d.*; 0\s+hours pending/).waitFor();
    await panel.getByRole('button', { name: 'Verify' }).click();
    await panel.getByText(/No difference: 24\s+hours compared/).waitFor();
  });

  test('a verification shows its progress, and is cancelled', async () => {
    const runner = fixture.gateway.database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const panel = dashboard.page.locator('[data-panel="verify"]');
    try {
      await runner.query('LOCK TABLE ops_error_logs IN ACCESS EXCLUSIVE MODE');
      await panel.getByRole('button', { name: 'Verify' }).click();
      await panel.locator('progress').waitFor();
      await panel.getByText(/Comparing: 0 of 24\s+hours/).waitFor();
      expect(await panel.getByRole('button', { name: 'Verify', exact: true }).isDisabled()).toBe(true);
      await panel.getByRole('button', { name: /^Cancel verification/ }).click();
      await panel.getByRole('button', { name: /^Cancel verification/, disabled: true }).waitFor();
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    await panel.getByText(/No difference: cancelled after \d+ of 24\s+hours/).waitFor();
    expect(await panel.locator('progress').count()).toBe(0);
  });

  test('a verification that somebody else has started is followed, and can be cancelled', async () => {
    const { dataSource } = fixture.gateway.database;
    await dataSource.query(
      `INSERT INTO ops_runs (kind, request, result, alive_until)
       SELECT kind, request, result || '{"hours": 7}', now() + interval '1 hour' FROM ops_runs
        WHERE kind = 'verify' ORDER BY id DESC LIMIT 1`,
    );
    const other = await fixture.open({ query: Dashboard.rangeQuery() });
    const panel = other.page.locator('[data-panel="verify"]');
    await panel.getByText(/Comparing: 7 of 24\s+hours/).waitFor();
    await panel.getByRole('button', { name: /^Cancel verification/ }).click();
    await panel.getByRole('button', { name: /^Cancel verification/, disabled: true }).waitFor();
    await dataSource.query(
      `UPDATE ops_runs SET state = 'cancelled' WHERE state = 'running' AND cancel_requested_at IS NOT NULL`,
    );
    await panel.getByText(/cancelled after 7 of 24\s+hours/).waitFor();
    await other.page.close();
  });

  test('hours that cannot be judged are listed, with the reason', async () => {
    const { dataSource } = fixture.gateway.database;
    const hour = Dashboard.hourOfRange(5);
    await dataSource.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, suspicious_at) VALUES ($1, 'overlap', now())`,
      [hour],
    );
    await dataSource.query(
      `UPDATE ops_metrics_hourly SET success_count = success_count + 1000 WHERE bucket_start = $1 AND platform IS NULL`,
      [hour],
    );
    const panel = dashboard.page.locator('[data-panel="verify"]');
    await panel.getByRole('button', { name: 'Verify' }).click();
    const table = panel.getByRole('region', { name: 'Not judged' });
    await table.waitFor();
    const cells = await table.locator('tbody tr').first().locator('td').allInnerTexts();
    expect(cells).toEqual(['held back', 'judged']);
    await dataSource.query('DELETE FROM ops_metrics_invalidations WHERE bucket_start = $1', [hour]);
    await dataSource.query(
      `UPDATE ops_metrics_hourly SET success_count = success_count - 1000 WHERE bucket_start = $1 AND platform IS NULL`,
      [hour],
    );
  });

  test('a running rebuild shows its progress and is cancelled', async () => {
    const { dataSource } = fixture.gateway.database;
    // Whoever holds a day's rows holds up its drain: the rebuild cannot end by itself.
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('LOCK TABLE ops_metrics_hourly IN ACCESS EXCLUSIVE MODE');
      const panel = dashboard.page.locator('[data-panel="rebuild"]');
      await panel.getByRole('button', { name: 'Start rebuild' }).click();
      await panel.locator('[data-state="running"] progress').waitFor();
      await panel.getByRole('button', { name: /^Cancel rebuild/ }).click();
      await panel.locator('[data-state="cancelled"]').waitFor();
      expect(await panel.locator('[data-state="running"]').count()).toBe(0);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  test('what the server refuses is said at the form', async () => {
    const panel = dashboard.page.locator('[data-panel="rebuild"]');
    await panel.getByLabel(/From/).fill('2019-01-01T00:00');
    await panel.getByLabel(/To/).fill('2020-06-01T00:00');
    await panel.getByRole('button', { name: 'Start rebuild' }).click();
    await panel.getByText(/Not started: to must be at most 366 days after from/).waitFor();
    expect(dashboard.complaints.filter((text) => !text.includes('400'))).toEqual([]);
  });

  test.each([
    ['rebuild', 'Start rebuild', /\/admin\/ops\/rebuilds$/],
    ['verify', 'Verify', /\/admin\/ops\/verify$/],
  ])('a wrong range keeps nothing from being sent to %s once it is corrected', async (name, label, url) => {
    const { page } = dashboard;
    const panel = page.locator(`[data-panel="${name}"]`);
    const submit = panel.getByRole('button', { name: label });
    await panel.getByLabel(/From/).fill(Dashboard.hourOfRange(2).slice(0, 16));
    await panel.getByLabel(/To/).fill(Dashboard.hourOfRange(1).slice(0, 16));
    await submit.click();
    const complaint = `document.querySelector('#${name}-to').validationMessage`;
    expect(await page.evaluate(complaint)).toBe('Must be after the start');
    await panel.getByLabel(/To/).fill(Dashboard.hourOfRange(3).slice(0, 16));
    const [request] = await Promise.all([
      page.waitForRequest((sent) => sent.method() === 'POST' && url.test(sent.url())),
      submit.click(),
    ]);
    expect(request.postDataJSON()).toMatchObject({ to: `${Dashboard.hourOfRange(3).slice(0, 16)}Z` });
    await request.response();
    await panel.getByRole('button', { name: label, disabled: false }).waitFor();
  });
});
