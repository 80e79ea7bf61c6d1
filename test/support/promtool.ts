import { spawnSync } from 'node:child_process';

/** Whether Prometheus' own checker is installed (Debian: the package prometheus). */
export const HAS_PROMTOOL = spawnSync('promtool', ['--version']).status === 0;

export const PROMTOOL_SKIPPED = HAS_PROMTOOL ? '' : ' (skipped: promtool is not installed)';

/** Runs it; what it said, and its exit code. */
export function promtool(args: readonly string[], input = ''): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { code: status, said: `${stdout}${stderr}` };
}
