import { describe, expect, it } from '@jest/globals';
import { dumpTables } from '../support/catalog.js';
import { runCommand, type CommandResult } from '../support/command.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createUnmigratedDatabase, urlOf } from '../support/test-database.js';

const FROM = '2026-03-01T00:00:00Z';
const TO = '2026-03-03T00:00:00Z';

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

/** What a bad input or an unreachable database is answered with: one line, on stderr only. */
function expectOneLine({ code, stdout, stderr }: CommandResult, exitCode: number, pattern: RegExp): void {
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr).toMatch(pattern);
  expect(stderr.trimEnd()).not.toContain('\n');
}

describe('command line with bad input', () => {
  const scene = new DatabaseScene('cli_input');

  it.each([
    ['an unknown command', ['refresk'], /unknown command 'refresk'/],
    [
      'an end in the future',
      ['rebuild', '--from', inDays(-1), '--to', inDays(1)],
      /to must not be in the future/,
    ],
    ['two years at once', ['verify', '--from', '2023-01-01T00:00:00Z', '--to', TO], /maxRebuildDays/],
  ])('answers %s with one line and exit code 2, and changes nothing', async (_what, args, pattern) => {
    const tables = ['usage_logs', 'ops_metrics_hourly', 'ops_metrics_invalidations', 'ops_rebuilds'];
    const before = await dumpTables(scene.dataSource, tables);
    expectOneLine(await runCommand(scene.url, args), 2, pattern);
    expect(await dumpTables(scene.dataSource, tables)).toEqual(before);
  });

  it('names a wrong environment variable', async () => {
    const result = await runCommand(scene.url, ['status'], { OPS_AUDIT_PERCENT: 'two' });
    expectOneLine(result, 2, /OPS_AUDIT_PERCENT/);
  });

  it.each([
    ['refuses the connection', () => 'postgres://u:p@127.0.0.1:1/db', /ECONNREFUSED/],
    ['has no such database', () => urlOf('ops_test_of_nobody'), /3D000/],
  ])('says in one line that the server %s', async (_what, url, pattern) => {
    const result = await runCommand(url(), ['status']);
    expectOneLine(result, 1, pattern);
    expect(result.stderr).toContain('DATABASE_URL');
  });
});

describe('command line on a database that is not migrated', () => {
  const scene = new DatabaseScene('cli_empty', { create: () => createUnmigratedDatabase('cli_empty') });

  it.each([['status'], ['refresh'], ['rebuild', '--from', FROM, '--to', TO]])(
    'says so in one line and exits with 1: %s',
    async (...args) => {
      expectOneLine(await runCommand(scene.url, args), 1, /npm run ops -- migrate/);
    },
  );

  it('has nothing to revert, migrates once, and reverts the latest', async () => {
    const migrate = (...args: string[]) => runCommand(scene.url, ['migrate', ...args]);
    const said = (stdout: string): CommandResult => ({ code: 0, stdout: `${stdout}\n`, stderr: '' });
    expect(await migrate('--revert')).toEqual(said('Nothing to revert.'));
    const up = await migrate();
    expect(up).toMatchObject({ code: 0, stderr: '' });
    const applied = up.stdout.trim().split('\n');
    expect(applied.every((line) => /^Applied \w+\d{13}$/.test(line))).toBe(true);
    expect(await migrate()).toEqual(said('Nothing to apply.'));
    const last = applied.at(-1) ?? '';
    expect(await migrate('--revert')).toEqual(said(last.replace('Applied', 'Reverted')));
    expect(await migrate()).toEqual(said(last));
  });

  it('says in one line why another program’s table cannot be adopted', async () => {
    const other = await createUnmigratedDatabase('cli_adopt');
    scene.defer(other.drop);
    await other.dataSource.query('CREATE TABLE usage_logs (id bigint)');
    expectOneLine(await runCommand(other.url, ['migrate']), 1, /usage_logs .*lacks/);
  });
});
