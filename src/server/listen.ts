import { once } from 'node:events';
import { createServer } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { Environment } from '../config/environment.js';

/** HOST or PORT cannot be listened at; the message is one line that says why and what helps. */
export class ListenError extends Error {
  public constructor({ HOST, PORT }: Environment, cause: unknown) {
    const { code } = cause as NodeJS.ErrnoException;
    const cures: Readonly<Record<string, string>> = {
      EADDRINUSE: `PORT ${PORT} is in use: stop what listens there, or choose another one (PORT=${PORT === 65_535 ? 3_000 : PORT + 1})`,
      EACCES: `PORT ${PORT} may not be used by this user: choose one above 1023`,
      EADDRNOTAVAIL: `HOST ${HOST} is no address of this machine: 127.0.0.1 serves this machine only, 0.0.0.0 every network`,
      ENOTFOUND: `HOST ${HOST} cannot be resolved: it must be an address of this machine, such as 127.0.0.1 or 0.0.0.0`,
    };
    super(
      `${cures[code ?? ''] ?? `HOST ${HOST}, PORT ${PORT} cannot be listened at`} (${code ?? String(cause)})`,
      {
        cause,
      },
    );
    this.name = 'ListenError';
  }
}

/** @throws ListenError */
export async function listen(app: INestApplication, environment: Environment): Promise<void> {
  await app.init(); // what goes wrong here is not the address's fault
  try {
    await app.listen(environment.PORT, environment.HOST);
  } catch (error) {
    throw new ListenError(environment, error);
  }
}

/**
 * Tries HOST and PORT, and leaves them free: before a database is started and filled for nothing.
 *
 * @throws ListenError
 */
export async function requireListenable(environment: Environment): Promise<void> {
  const server = createServer().listen(environment.PORT, environment.HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(environment, error);
  }
  server.close();
  await once(server, 'close');
}
