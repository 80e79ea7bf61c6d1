import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { runCommand } from '../../src/database/embedded/processes.js';

describe('runCommand', () => {
  it('answers what a program says, and whether it was content', async () => {
    const command = { file: '/bin/sh', args: ['-c', 'echo out; echo err >&2; exit $0'] };
    const answer = { stdout: 'out', complaint: 'err' };
    expect(await runCommand({ ...command, args: [...command.args, '0'] })).toEqual({ ok: true, ...answer });
    expect(await runCommand({ ...command, args: [...command.args, '1'] })).toEqual({ ok: false, ...answer });
  });

  it('answers that a program is missing, and lets the process end', () => {
    const script = `
      const { runCommand } = await import('./dist/src/database/embedded/processes.js');
      console.log((await runCommand({ file: '/nowhere/setpriv', args: [] })).complaint);`;
    const args = ['--input-type=module', '-e', script];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
    expect(stdout).toMatch(/ENOENT/);
    expect(status).toBe(0);
  });
});
