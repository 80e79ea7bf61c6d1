import type { RunState } from './admin-types.js';
import type { Api } from './api.js';

/** How often the server is asked how far it is; milliseconds. */
const INTERVAL_MS = 500;

interface Run {
  readonly id: string;
  readonly state: RunState;
}

/**
 * Asks for a run until it has ended.
 *
 * @param onProgress called with every answer, the first and the last included
 * @throws as Api.get does; AbortError once the signal says so
 */
export async function polled<T extends Run>(
  api: Api,
  path: string,
  first: T,
  onProgress: (run: T) => void = () => undefined,
  signal: AbortSignal | null = null,
): Promise<T> {
  let run = first;
  onProgress(run);
  while (run.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    run = await api.get<T>(`${path}/${run.id}`, {}, signal);
    onProgress(run);
  }
  return run;
}
