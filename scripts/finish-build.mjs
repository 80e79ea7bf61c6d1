// The last step of the build: what is below dist/cjs is CommonJS, and what all of it was made from is noted.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordBuild } from './build-state.mjs';

writeFileSync(join(import.meta.dirname, '../dist/cjs/package.json'), '{ "type": "commonjs" }\n');
recordBuild();
