import type { Api } from './api.js';
import type { View } from './view.js';

/** What a part of the page may ask of the page. */
export interface Host {
  readonly api: Api;
  readonly view: View;
  /** Shows another view. */
  readonly go: (change: Partial<View>) => void;
  /** The same, as the handler of an event. */
  readonly to: (change: Partial<View>) => () => void;
  /** Fetches everything anew. */
  readonly load: () => void;
  /** Renders everything anew. */
  readonly changed: () => void;
}
