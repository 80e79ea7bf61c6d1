import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './start.js';

const PAUSE_MS = 1_000;

/**
 * As {@link startEmbeddedPostgres}; and when the server ends before it is told to here, since it was killed, say, one
 * is started again at the same URL.
 */
export async function keepEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<Pick<EmbeddedPostgres, 'url' | 'stop'>> {
  let server = await startEmbeddedPostgres(options);
  const { url } = server;
  const stopping = new AbortController();
  const { signal } = stopping;
  const told = once(signal, 'abort');

  const watch = async (): Promise<void> => {
    for (;;) {
      await Promise.race([server.ended, told]);
      if (signal.aborted) return;
      try {
        server = await startEmbeddedPostgres(options);
        if (server.url !== url) {
          options.log?.('embedded PostgreSQL: its port was taken meanwhile, start this app again');
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        options.log?.(`embedded PostgreSQL: it has ended and does not start again yet: ${why}`);
        await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
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
