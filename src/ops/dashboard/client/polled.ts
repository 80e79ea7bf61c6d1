import type { Api } from './api.js';

/** How often the server is asked how far it is, while somebody looks and while nobody does; milliseconds. */
const INTERVAL_MS = 1_000;
const HIDDEN_INTERVAL_MS = 15_000;

/**
 * Asks for a run until it has ended.
 *
 * @param onProgress called with every answer, the first and the last included
 * @throws as Api.get does
 */
export async function polled<Run extends { readonly id: string; readonly state: string }>(
  api: Api,
  path: string,
  first: Run,
  onProgress?: (run: Run) => void,
): Promise<Run> {
  for (let run = first; ; run = await api.get<Run>(`${path}/${run.id}`)) {
    onProgress?.(run);
    if (run.state !== 'running') {
      return run;
    }
    await pause();
  }
}

/** Until it is time to ask, which it also is when somebody looks again. */
async function pause(): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', end);
      resolve();
    };
    const timer = setTimeout(end, document.hidden ? HIDDEN_INTERVAL_MS : INTERVAL_MS);
    document.addEventListener('visibilitychange', end);
  });
}
