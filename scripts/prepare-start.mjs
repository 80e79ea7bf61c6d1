// What comes before `npm start` and `npm run demo`: the port, which should be noticed before anything takes time, and
// the build, with something that moves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const host = process.env.HOST?.trim() || '127.0.0.1';
const port = Number(process.env.PORT?.trim() || 3000);

/** Only what is in use: the app itself says what else is wrong with an address. */
async function isTaken() {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    return error.code === 'EADDRINUSE';
  }
  server.close();
  await once(server, 'close');
  return false;
}

if (await isTaken()) {
  const other = port < 65_535 ? port + 1 : 3000;
  console.error(
    `Cannot start: PORT ${port} is in use: stop what listens there, or choose another one (PORT=${other})`,
  );
  process.exit(1);
}

process.stderr.write('Building ');
const dots = setInterval(() => process.stderr.write('.'), 500);
// npm names itself to what it runs.
const [file, args] = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
const build = spawn(file, [...args, 'run', '--silent', 'build'], { stdio: 'inherit' });
const [code] = await once(build, 'close');
clearInterval(dots);
process.stderr.write('\n');
process.exitCode = code ?? 1;
