import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { catalogOf } from '../support/catalog.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { eventually } from '../support/eventually.js';
import * as rows from '../support/raw-rows.js';
import { PLAIN_USAGE } from '../support/spec-rows.js';
import { DatabaseScene } from '../support/database-scene.js';
import { holdDays } from '../support/refresh-scene.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

const DAY_MS = 86_400_000;
/** Two days (ISO dates) and the one after them, of this week: a refresh has to come as far as they are old. */
const [ONE, TWO, THREE] = ([4, 3, 2] as const).map((days) =>
  new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - days * DAY_MS).toISOString().slice(0, 10),
) as [string, string, string];
const DAYS = ['--from', `${ONE}T00:00:00Z`, '--to', `${THREE}T00:00:00Z`];

describe('command line', () => {
  const scene = new DatabaseScene('cli');
  const ops = (...args: string[]): Promise<CommandResult> => runCommand(scene.url, args);

  beforeAll(async () => {
    await rows.insertGroups(scene.dataSource, [{ id: 1, name: 'one', platform: 'openai' }]);
    const minutes = Array.from({ length: 96 }, (_v, index) => index * 30);
    await rows.insertUsage(
      scene.dataSource,
      minutes.map((minute) => ({
        ...PLAIN_USAGE,
        groupId: 1,
        inputTokens: 1,
        outputTokens: 2,
        cacheCreationTokens: 0,
        cacheReadTokens: 0,
        durationMs: minute,
        firstTokenMs: null,
        createdAt: new Date(Date.parse(ONE) + minute * 60_000).toISOString(),
      })),
    );
  });
  beforeEach(async () => {
    await rows.truncateMetrics(scene.dataSource);
    await scene.query(
      'TRUNCATE ops_metrics_invalidations, ops_rebuilds, ops_detect_state, ops_job_heartbeats',
    );
  });

  it('explains itself', async () => {
    const help = await ops('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['migrate', 'rebuild', 'refresh', 'status', 'verify', 'sample-traffic']) {
      expect(help.stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
    }
    expect(await ops('rebuild', '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--from <ISO>'),
    });
    expect(await ops()).toMatchObject({ code: 2, stdout: '' });
  });

  it('rebuilds with plain progress lines, verifies, and finds what was tampered with', async () => {
    const rebuilt = await ops('rebuild', ...DAYS, '--reason', 'a test');
    expect(rebuilt).toMatchObject({ code: 0, stderr: '' });
    const lines = rebuilt.stdout.trim().split('\n');
    const [head = ''] = lines;
    expect(head).toMatch(/^Rebuild \d+: 48 hours, /);
    expect(head).toContain(`${ONE}T00:00:00.000Z to ${THREE}T00:00:00.000Z`);
    expect(lines.slice(1, -1).every((line) => /^\d+% \d+\/48 hours$/.test(line))).toBe(true);
    expect(lines.at(-2)).toBe('100% 48/48 hours');
    expect(lines.at(-1)).toBe('Done: 48 hours');
    expect(rebuilt.stdout).not.toContain('\u001b');
    const [request] = await scene.query<unknown>('SELECT reason, requested_by FROM ops_rebuilds');
    expect(request).toEqual({ reason: 'a test', requested_by: expect.stringMatching(/^cli:./) });
    expect(await scene.query('SELECT count(*)::int AS days FROM ops_metrics_daily')).toEqual([{ days: 6 }]);
    expect(await ops('verify', ...DAYS)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(
        /^0% 0\/48 hours\n50% 24\/48 hours\n100% 48\/48 hours\nVerified 48 hours, .*: 0 differences\n/,
      ),
    });

    await scene.query(
      `UPDATE ops_metrics_hourly SET token_consumed = 7 WHERE bucket_start = '${ONE}T05:00:00Z' AND group_id = 1`,
    );
    const found = await ops('verify', ...DAYS, '--json', '--fix');
    expect(found.code).toBe(1);
    expect(found.stderr.trimEnd()).not.toContain('\n');
    expect(JSON.parse(found.stdout)).toMatchObject({
      differenceCount: 2, // the day's row follows from the hour's
      notedHours: 1,
      notedDays: 1,
      differences: [
        { bucket: `${ONE}T05:00:00.000Z`, column: 'token_consumed', stored: '7', computed: '6' },
        { bucket: ONE, column: 'token_consumed', stored: '144', computed: '145' },
      ],
    });
  });

  it('comes back for a day that another instance had in work and gave up', async () => {
    const other = await scene.connect();
    await holdDays(other, new Date(TWO));
    // One worker, newest day first: when the older day is done, the newer one has been tried and passed over.
    const rebuild = runCommand(scene.url, ['rebuild', ...DAYS], { OPS_DRAIN_CONCURRENCY: '1' });
    await eventually(async () => {
      const [row] = await scene.query<{ left: number }>(
        `SELECT count(*)::int AS left FROM ops_metrics_invalidations
         WHERE tier = 'hour' AND EXISTS (SELECT FROM ops_metrics_hourly WHERE bucket_start = '${ONE}T00:00:00Z')`,
      );
      return row?.left === 24;
    }, 'the day that nobody holds rebuilt');
    await other.query('ROLLBACK');
    expect(await rebuild).toMatchObject({ code: 0, stdout: expect.stringContaining('Done: 48 hours') });
  });

  it('refreshes, and shows where it stands, as text and as JSON', async () => {
    const refreshed = await runCommand(scene.url, ['refresh'], { OPS_BACKFILL_DAYS: '10' });
    expect(refreshed).toMatchObject({ code: 0, stderr: '' });
    expect(refreshed.stdout).toMatch(
      /^Refresh: \d+ hours noted; \d+ minutes, \d+ hours and \d+ days recomputed, 0 failed, .*\nMaintenance: /,
    );

    const json = await ops('status', '--json');
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      latestBuckets: { hourly: `${TWO}T23:00:00.000Z`, daily: TWO },
      rows: { hourly: '144', daily: '6' },
      jobs: [{ jobName: 'ops_rollup_maintenance' }, { jobName: 'ops_rollup_refresh', lastError: null }],
    });
    const text = await ops('status');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(`${TWO}T23:00:00.000Z`);
    expect(text.stdout).toContain('ops_rollup_refresh');
  });

  it('reverts one migration, or all: then nothing is left', async () => {
    const { url, dataSource, drop } = await createUnmigratedDatabase('cli_revert');
    scene.defer(drop);
    const empty = await catalogOf(dataSource);
    const migrations = dataSource.migrations.map((migration) => migration.name).toReversed();
    const run = (...args: string[]): Promise<CommandResult> => runCommand(url, ['migrate', ...args]);
    const said = (names: readonly unknown[]): object => ({
      code: 0,
      stdout: names.map((reverted) => `Reverted ${String(reverted)}\n`).join(''),
    });
    expect(await run()).toMatchObject({ code: 0 });
    const full = await catalogOf(dataSource);
    expect(await run('--all')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: all needs --revert\n',
    });
    expect(await catalogOf(dataSource)).toEqual(full);
    expect(await run('--revert')).toMatchObject(said(migrations.slice(0, 1)));
    expect(await run('--revert', '--all')).toMatchObject(said(migrations.slice(1)));
    expect(await catalogOf(dataSource)).toEqual(empty);
    expect(await run('--revert', '--all')).toMatchObject({ code: 0, stdout: 'Nothing to revert.\n' });
    expect(await catalogOf(dataSource)).toEqual(empty);
  });
});
