import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainEnvironment } from './command.mjs';

const START_MS = 60_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/**
 * Starts a host app, and waits until it has said what a started one says.
 *
 * @param args of node, which is this one unless another is named
 * @returns its address, all it has said so far, and how to stop it
 */
export async function startHost(args, { cwd, env, started, node = process.execPath }) {
  const port = await freePort();
  const child = spawn(node, args, {
    cwd,
    env: plainEnvironment({ ...env, PORT: String(port), NO_COLOR: '1' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const host = { url: `http://127.0.0.1:${port}`, said: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (host.said += text));
  }
  const closed = once(child, 'close');
  host.stop = async () => {
    child.kill('SIGTERM');
    await closed;
  };
  for (const until = Date.now() + START_MS; !started.test(host.said); await sleep(50)) {
    if (child.exitCode !== null || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`The host app did not start:\n${host.said}`);
    }
  }
  return host;
}
