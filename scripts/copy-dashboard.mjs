import { cp, readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** Puts the dashboard's page, styles and icon next to its compiled modules. Usage: node copy-dashboard.mjs [dist] */
const COPIED = new Set(['.html', '.css', '.svg']);
const from = join(import.meta.dirname, '../src/ops/dashboard/client');
const to = join(process.argv[2] ?? join(import.meta.dirname, '../dist'), 'src/ops/dashboard/client');

for (const name of await readdir(from)) {
  if (COPIED.has(extname(name))) {
    await cp(join(from, name), join(to, name));
  }
}
