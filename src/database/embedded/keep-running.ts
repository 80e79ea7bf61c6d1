import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './start.js';

const POLL_MS = 1_000;

/**
 * As {@link startEmbeddedPostgres}; and when the server ends before it is told to here, since the process that owns it
 * has stopped or it was killed, one is started again at the same URL.
 */
export async function keepEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<Pick<EmbeddedPostgres, 'url' | 'stop'>> {
  let server = await startEmbeddedPostgres(options);
  const { url } = server;
  const stopping = new AbortController();

  const watch = async (): Promise<void> => {
    while (await pause(stopping.signal)) {
      if (await server.isRunning()) continue;
      try {
        server = await startEmbeddedPostgres(options);
        if (server.url !== url) {
          options.log?.('embedded PostgreSQL: its port was taken meanwhile, start this app again');
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        options.log?.(`embedded PostgreSQL: it has ended and does not start again yet: ${why}`);
      }
    }
  };
  const watched = watch();
  return {
    url,
    stop: async () => {
      stopping.abort();
      await watched;
      await server.stop();
    },
  };
}

/** False as soon as it is told to stop. */
async function pause(signal: AbortSignal): Promise<boolean> {
  return sleep(POLL_MS, true, { signal, ref: false }).catch(() => false);
}
