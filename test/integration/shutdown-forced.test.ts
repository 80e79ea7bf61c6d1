import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';

const BUILT = pathToFileURL(join(process.cwd(), 'dist/src/server/shutdown.js')).href;

/** A shutdown of which one step has ended and one never does, in a process whose timers run fifty times as fast. */
const PROGRAM = `
  const { setTimeout: wait } = globalThis;
  globalThis.setTimeout = (work, ms, ...given) => wait(work, ms / 50, ...given);
  const { forceExitAfterSignal, onForcedExit, shutdownStep } = await import('${BUILT}');
  forceExitAfterSignal();
  onForcedExit(() => new Promise(() => undefined));
  onForcedExit(async () => console.log('server told to stop'));
  process.on('SIGTERM', () => {
    void shutdownStep('what ends', Promise.resolve());
    void shutdownStep('what hangs', new Promise(() => undefined));
  });
  setInterval(() => undefined, 1_000);
  console.log('up');
`;

it('a process whose shutdown hangs ends by itself, says what hung, and leaves no server behind', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (text.startsWith('up')) {
      child.kill('SIGTERM');
      child.kill('SIGTERM');
    }
  });
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(stdout).toBe('up\nserver told to stop\n');
  expect(stderr).toMatch(/^Not stopped after 26 s, ended by force; still running: what hangs\n$/);
});
