import { describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import { exitCodeOf } from '../../src/cli/failures.js';
import { createProgram } from '../../src/cli/program.js';

/** What is written to stderr and the exit code of arguments that are refused before anything is opened. */
async function refuse(args: readonly string[]): Promise<{ line: string; code: number }> {
  const program = createProgram();
  let line = '';
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeErr: (text) => (line += text) });
  }
  try {
    await program.parseAsync(['node', 'ops', ...args]);
  } catch (error) {
    expect(error).toBeInstanceOf(CommanderError);
    return { line, code: exitCodeOf(error) };
  }
  throw new Error(`${args.join(' ')} was accepted`);
}

const FROM = ['--from', '2026-03-01T00:00:00Z'];
const TO = ['--to', '2026-03-03T00:00:00Z'];

describe('arguments of the command line', () => {
  it.each([
    [['refresk'], `unknown command 'refresk' (Did you mean refresh?)`],
    [['status', '--jsn'], `unknown option '--jsn' (Did you mean --json?)`],
    [['refresh', 'now'], 'too many arguments'],
    [['rebuild', ...FROM], '--to'],
    [['rebuild', ...TO], '--from'],
    [['rebuild', '--from', '2026-03-01T00:00:00', ...TO], 'with a zone'],
    [['rebuild', '--from', 'yesterday', ...TO], '--from'],
    [['rebuild', ...FROM, '--to', '2026-03-03'], '--to'],
    [['verify', '--from', '2026-02-30T00:00:00Z', ...TO], '--from'],
    [['verify', ...FROM, '--to', ''], '--to'],
    [['sample-traffic', '--rows', '1e3'], '--rows'],
    [['sample-traffic', '--rows', '0'], '--rows'],
    [['sample-traffic', '--rows', '-5'], '--rows'],
    [['sample-traffic', '--days', '1.5'], '--days'],
    [['sample-traffic', '--days', '3651'], 'from 1 to 3650'],
    [['sample-traffic', '--seed', '4294967296'], '--seed'],
    [['sample-traffic', '--seed', 'x'], '--seed'],
  ])('%j: one line, exit code 2', async (args, words) => {
    const { line, code } = await refuse(args);
    expect(code).toBe(2);
    expect(line).toMatch(/^error: .+\n$/);
    expect(line).toContain(words);
  });
});
