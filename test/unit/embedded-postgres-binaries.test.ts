import { describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinaries, restoreLinks } from '../../src/database/embedded/binaries.js';
import { EmbeddedPostgresError } from '../../src/database/embedded/index.js';

describe('loadBinaries', () => {
  it.each([
    ['there are none', 'win32-x64'],
    ['there are none', 'linux-s390x'],
    // npm installs the package of one platform only: this machine's.
    ['it is not installed', process.platform === 'linux' ? 'darwin-arm64' : 'linux-ppc64'],
  ])('says what to do where %s (%s)', async (_what, platform) => {
    const loaded = loadBinaries(platform);
    await expect(loaded).rejects.toThrow(EmbeddedPostgresError);
    await expect(loaded).rejects.toThrow(new RegExp(`^[^\\n]*${platform}[^\\n]*DATABASE_URL[^\\n]*$`));
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
