import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const section = /^## Embed it[\s\S]*?(?=^## )/m.exec(
  readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8'),
)?.[0];

function block(language) {
  const text = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(section ?? '')?.[1];
  if (text === undefined) throw new Error(`README.md: the section on embedding has no block of ${language}`);
  return text;
}

/** `src/app.module.ts` as README.md has it. */
export const appModule = () => block('ts');

/** What README.md installs besides the package, in an app of that Nest: names with their versions. */
export function alsoInstalled(nest) {
  const line = block('sh')
    .split('\n')
    .find((one) => one.startsWith('npm install ') && one.includes(`@nestjs/typeorm@${nest}`));
  if (line === undefined) throw new Error(`README.md does not say what an app with Nest ${nest} installs`);
  return line
    .split(/\s+/)
    .slice(2)
    .filter((name) => !name.endsWith('.tgz'));
}
