import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

it('docs/options.md says what the code declares of each option and variable', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/options-docs.mjs']);
  expect(await readFile('docs/options.md', 'utf8')).toBe(stdout);
});
