import type { Api } from './api.js';

/** How often the server is asked how far it is, while somebody looks and while nobody does; milliseconds. */
const INTERVAL_MS = 1_000;
const HIDDEN_INTERVAL_MS = 15_000;

interface Run {
  readonly id: string;
  readonly state: string;
}

/**
 * Asks for a run until it has ended.
 *
 * @param onProgress called with every answer, the first and the last included
 * @throws as Api.get does
 */
export async function polled<T extends Run>(
  api: Api,
  path: string,
  first: T,
  onProgress: (run: T) => void = () => undefined,
): Promise<T> {
  let run = first;
  onProgress(run);
  while (run.state === 'running') {
    await pause();
    run = await api.get<T>(`${path}/${run.id}`);
    onProgress(run);
  }
  return run;
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
