import { once } from 'node:events';
import { createServer } from 'node:net';
import { unlessCode } from './errors.js';

export const LOOPBACK = '127.0.0.1';

/** A port that is free on the loopback address at this moment; another process may take it before it is used. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

export async function isPortTaken(port: number): Promise<boolean> {
  const server = createServer().listen(port, LOOPBACK);
  if ((await unlessCode(once(server, 'listening'), 'EADDRINUSE')) === undefined) return true;
  server.close();
  await once(server, 'close');
  return false;
}
