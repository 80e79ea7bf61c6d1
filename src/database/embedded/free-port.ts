import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { codeOf } from './errors.js';

export const LOOPBACK = '127.0.0.1';

/** The preferred port if it is free on the loopback address at this moment, else another that is. */
export async function findFreePort(preferred = 0): Promise<number> {
  const server = createServer().listen(preferred, LOOPBACK);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (preferred !== 0 && codeOf(error) === 'EADDRINUSE') return findFreePort();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
