import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** What the build is made of, npm's record of what is installed included. */
const INPUTS = [
  'src',
  'migrations',
  'scripts',
  'ormconfig.ts',
  'package.json',
  'tsconfig.json',
  'tsconfig.cjs.json',
  'node_modules/.package-lock.json',
];
const RECORD = 'dist/.built-from';

/** By content: a checkout, a copy or another clock changes the times of files that are the same. */
function digest(root) {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) add(join(path, name));
    } else {
      hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
    }
  };
  INPUTS.forEach(add);
  return hash.digest('hex');
}

/** Whether dist/ was built, to its end, from what is here now. */
export function isBuilt(root = ROOT) {
  const record = join(root, RECORD);
  return existsSync(record) && readFileSync(record, 'utf8') === digest(root);
}

export function recordBuild(root = ROOT) {
  writeFileSync(join(root, RECORD), digest(root));
}
