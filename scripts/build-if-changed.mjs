// Builds, unless dist/ is what a build would make. With --show-progress something moves meanwhile.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isBuilt } from './build-state.mjs';

if (!isBuilt()) {
  const showsProgress = process.argv.includes('--show-progress');
  if (showsProgress) process.stderr.write('Building ');
  const dots = showsProgress ? setInterval(() => process.stderr.write('.'), 500) : undefined;
  // npm names itself to what it runs.
  const [file, args] = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath]]
    : ['npm', []];
  const build = spawn(file, [...args, 'run', '--silent', 'build'], { stdio: 'inherit' });
  const [code] = await once(build, 'close');
  clearInterval(dots);
  if (showsProgress) process.stderr.write('\n');
  process.exitCode = code ?? 1;
}
