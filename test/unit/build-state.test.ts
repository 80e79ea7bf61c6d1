import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const { isBuilt, recordBuild } = (await import(
  new URL('../../scripts/build-state.mjs', import.meta.url).href
)) as { isBuilt: (root: string) => boolean; recordBuild: (root: string) => void };

describe('what start, demo, ops and test build', () => {
  let root: string;
  const write = (path: string, text: string): void => {
    writeFileSync(join(root, path), text);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ops-build-'));
    for (const folder of ['dist', 'src/ops']) mkdirSync(join(root, folder), { recursive: true });
    write('src/ops/a.ts', 'one');
    write('package.json', '{}');
    recordBuild(root);
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  it('is nothing where everything is as it was, whatever the times of the files', () => {
    expect(isBuilt(root)).toBe(true);
    utimesSync(join(root, 'src/ops/a.ts'), 0, 0);
    write('README.md', 'no part of the build');
    expect(isBuilt(root)).toBe(true);
  });

  it.each([
    [
      'changed',
      () => {
        write('src/ops/a.ts', 'two');
      },
    ],
    [
      'added',
      () => {
        write('src/ops/b.ts', '');
      },
    ],
    [
      'renamed',
      () => {
        renameSync(join(root, 'src/ops/a.ts'), join(root, 'src/a.ts'));
      },
    ],
    [
      'removed',
      () => {
        rmSync(join(root, 'package.json'));
      },
    ],
    [
      'never built to the end',
      () => {
        rmSync(join(root, 'dist'), { recursive: true });
      },
    ],
  ])('is all of it where something was %s', (_what, change) => {
    change();
    expect(isBuilt(root)).toBe(false);
  });
});
