import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.mjs';

/** The oldest that Nest's own types can be had with, and the newest ones. */
const VERSIONS = ['5.4', '5.9', '6.0'];

/** Resolves to the compilers, by version. */
export async function installCompilers(folder) {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const packages = VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version}`);
  await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: folder });
  return new Map(
    VERSIONS.map((version) => [version, join(folder, 'node_modules', `typescript-${version}`, 'bin/tsc')]),
  );
}

/** The host's sources, strictly, and every declaration that they reach, those of the package included. */
export async function checkTypes(folder, compilers) {
  const options = {
    module: 'nodenext',
    target: 'es2022',
    lib: 'es2023',
    types: 'node',
    strict: 'true',
    noUncheckedIndexedAccess: 'true',
    exactOptionalPropertyTypes: 'true',
    skipLibCheck: 'false',
    experimentalDecorators: 'true',
    emitDecoratorMetadata: 'true',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  for (const [version, tsc] of compilers) {
    await run(
      process.execPath,
      [tsc, '--ignoreConfig', '--noEmit', ...flags, 'src/main.ts'].filter(
        (arg) => arg !== '--ignoreConfig' || version >= '6',
      ),
      { cwd: folder },
    );
    console.log(`ok: TypeScript ${version} finds nothing wrong, with skipLibCheck off`);
  }
}
