// usage: node runtime-manifest.mjs [folder of package.json]
// In the image the gateway app is what is installed, so what it needs besides the package becomes a dependency there. In
// the repository these are development dependencies: hosts of the package have no use for them, or bring them along
// (the peers). The embedded PostgreSQL stays out; an image gets DATABASE_URL.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OF_THE_APP = [
  '@nestjs/platform-express',
  '@nestjs/terminus',
  'cli-progress',
  'cli-table3',
  'commander',
  'helmet',
  'pure-rand',
];

const file = join(process.argv[2] ?? '.', 'package.json');
const { devDependencies, ...manifest } = JSON.parse(readFileSync(file, 'utf8'));
for (const name of [...Object.keys(manifest.peerDependencies), ...OF_THE_APP]) {
  manifest.dependencies[name] = devDependencies[name];
}
delete manifest.peerDependencies;
writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
