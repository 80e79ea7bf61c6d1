import { describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinaries, restoreLinks } from '../../src/database/embedded/binaries.js';

const ONE_LINE_WITH_A_WAY_OUT = /^[^\n]*DATABASE_URL[^\n]*$/;

describe('loadBinaries', () => {
  it.each([
    ['win32', 'x64'],
    ['linux', 's390x'],
  ])('says what to do on %s-%s, for which there are none', async (os, arch) => {
    await expect(loadBinaries({ os, arch })).rejects.toMatchObject({
      code: 'UNSUPPORTED_PLATFORM',
      message: expect.stringMatching(ONE_LINE_WITH_A_WAY_OUT),
    });
  });

  it('says what to do when the package is not installed', async () => {
    // npm installs the package of one platform only: this machine's.
    const other =
      process.platform === 'linux' ? { os: 'darwin', arch: 'arm64' } : { os: 'linux', arch: 'ppc64' };
    await expect(loadBinaries(other)).rejects.toMatchObject({
      code: 'NOT_INSTALLED',
      message: expect.stringMatching(ONE_LINE_WITH_A_WAY_OUT),
    });
  });
});

describe('restoreLinks', () => {
  it('makes the library links that a skipped install script left out, once', async () => {
    const root = await mkdtemp(join(tmpdir(), 'links-'));
    try {
      const native = join(root, 'native');
      await mkdir(join(native, 'lib'), { recursive: true });
      const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }];
      await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links));
      await restoreLinks(native);
      await restoreLinks(native);
      expect(await readlink(join(native, 'lib/libx.so.1'))).toBe('libx.so.1.2');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
