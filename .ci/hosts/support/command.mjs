import { spawn } from 'node:child_process';
import { once } from 'node:events';

export function check(holds, what) {
  if (!holds) throw new Error(`not ok: ${what}`);
  console.log(`ok: ${what}`);
}

/** Without the caller's settings of this package, and without what npm hands down to its scripts. */
export function plainEnvironment(more = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DATABASE_URL|HOST|PORT|OPS_|LOG_|NODE_ENV|NODE_OPTIONS|npm_)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...more };
}

/** Runs to the end, and gives what was written to both streams. @throws Error with that, where it fails */
export async function run(file, args, { cwd, env = {} }) {
  const child = spawn(file, args, { cwd, env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} in ${cwd} ended with ${code}:\n${said}`);
  return said;
}
