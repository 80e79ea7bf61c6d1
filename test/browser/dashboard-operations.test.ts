import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { axe } from './support/axe.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

describeInBrowser('dashboard: operations', () => {
  let fixture: DashboardFixture;
  let dashboard: Dashboard;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_operations');
    dashboard = await fixture.open({ query: Dashboard.rangeQuery({ page: 'operations' }) });
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('shows jobs and freshness', async () => {
    const jobs = await dashboard.rows('#facts');
    expect(jobs.map(([name, last, , state]) => [name, last?.replace(/\d+\s/g, 'n '), state])).toEqual([
      ['maintenance', expect.stringMatching(/ago$|^now$/), 'succeeded'],
      ['refresh', expect.stringMatching(/ago$|^now$/), 'succeeded'],
    ]);
    expect(await dashboard.page.locator('#facts').innerText()).toContain('Hours closed through');
    // The absolute time is there for whoever wants it.
    const time = dashboard.page.locator('#facts td time').first();
    expect(await time.getAttribute('title')).toMatch(/\d{4}, \d\d:\d\d:\d\d UTC$/);
  });

  test('is a page of its own, with the address for it', async () => {
    const page = await fixture.open({ query: Dashboard.rangeQuery() });
    expect(await page.page.locator('#operations').count()).toBe(0);
    await page.page.getByRole('group', { name: 'Page' }).getByRole('button', { name: 'Operations' }).click();
    await page.settled();
    expect((await page.query()).get('page')).toBe('operations');
    expect(await page.page.locator('#numbers, .toolbar').count()).toBe(0);
    const top = await page.page.locator('#rollup-verdict').boundingBox();
    expect(top?.y).toBeLessThan(300);
    await page.page.goBack();
    await page.settled();
    expect(await page.page.locator('#numbers').count()).toBe(1);
    expect(page.complaints).toEqual([]);
    await page.close();
  });

  test('says what is wrong first, with what to do', async () => {
    const { dataSource } = fixture.gateway.database;
    await dataSource.query(
      `UPDATE ops_job_heartbeats SET last_error = 'out of disk', last_error_at = now() WHERE job_name = 'ops_rollup_refresh'`,
    );
    const page = await fixture.open({ query: '?page=operations' });
    const verdict = page.page.locator('#rollup-verdict');
    expect(await verdict.getAttribute('data-level')).toBe('critical');
    expect(await verdict.innerText()).toMatch(/Job refresh: failing, out of disk\. It is tried again/);
    expect(await axe(page.page)).toEqual([]);
    const [first = []] = await page.rows('#facts');
    expect([first[0], first[3]]).toEqual([
      'refresh',
      expect.stringMatching(/^failing, last success .* ago$/),
    ]);
    await dataSource.query(`UPDATE ops_job_heartbeats SET last_error = NULL, last_error_at = NULL`);
    await page.close();
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
    await dashboard.refresh();
    const table = dashboard.page.getByRole('region', { name: 'Failing and suspicious buckets' });
    await table.getByText('numeric field overflow').waitFor();
    const states = await table.locator('tbody tr td:nth-child(2)').allInnerTexts();
    expect(states).toEqual(['failing', 'suspicious']);
    expect(await table.innerText()).toContain(failing.slice(11, 16));
    await dataSource.query('DELETE FROM ops_metrics_invalidations WHERE bucket_start IN ($1, $2)', [
      failing,
      suspicious,
    ]);
    await dashboard.refresh();
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
    await panel.locator('.badge.finished').waitFor();
    // Who, when, how long, how many.
    const [row = []] = await dashboard.rows('[data-panel="rebuild"]');
    expect(row.map((cell) => cell.replaceAll(/\s+/g, ' '))).toEqual([
      '#1 finished',
      '24 of 24',
      expect.stringMatching(/^\d+ \w+, \d\d:00 – \d+ \w+, \d\d:00$/),
      expect.stringMatching(/^admin@/),
      expect.stringMatching(/^(now|\d+ s ago)$/),
      expect.stringMatching(/^[\d.,]+ m?s$/),
      'none',
      '“a test”',
    ]);
    expect(await panel.locator('td time').getAttribute('title')).toMatch(/UTC$/);
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
    await panel.getByRole('button', { name: 'Verify', exact: true }).click();
    // Where the range is just a UTC day, its daily rows differ from that hour too.
    await panel.getByText(/\d+\s+differences?:/).waitFor();
    const [row = []] = await dashboard.rows('[aria-label^="Differences of"]');
    expect(row.slice(1, 3)).toEqual(['overall', 'success_count']);
    expect(Number(row[3]) - Number(row[4])).toBe(7);

    await dashboard.page.getByRole('button', { name: 'Refresh now' }).click();
    await dashboard.page.getByText(/Recomputed \d.*; 0\s+hours pending/).waitFor();
    await panel.getByRole('button', { name: 'Verify', exact: true }).click();
    await panel.getByText(/No difference: 24\s+hours compared/).waitFor();

    // Those of the past are listed, and open again.
    const past = panel.getByRole('region', { name: 'Verifications' }).locator('tbody tr');
    await past.nth(1).waitFor();
    const found = await past.nth(1).locator('[data-column="found"]').innerText();
    expect(found).toMatch(/^\d+, noted$/);
    await past
      .nth(1)
      .getByRole('button', { name: /^Open verification/ })
      .click();
    await panel.getByText(/\d+\s+differences?: 24/).waitFor();
    const [again = []] = await dashboard.rows('[aria-label^="Differences of"]');
    expect(again).toEqual(row);
  });

  test('a verification shows its progress, and is cancelled', async () => {
    const runner = fixture.gateway.database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const panel = dashboard.page.locator('[data-panel="verify"]');
    try {
      await runner.query('LOCK TABLE ops_error_logs IN ACCESS EXCLUSIVE MODE');
      await panel.getByRole('button', { name: 'Verify', exact: true }).click();
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
    const other = await fixture.open({ query: Dashboard.rangeQuery({ page: 'operations' }) });
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
    await panel.getByRole('button', { name: 'Verify', exact: true }).click();
    const table = panel.getByRole('region', { name: /^Not judged/ });
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
      await panel.locator('tr:has(.badge.running) progress').waitFor();
      await panel.getByRole('button', { name: /^Cancel rebuild/ }).click();
      await panel.locator('.badge.cancelled').waitFor();
      expect(await panel.locator('.badge.running').count()).toBe(0);
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
