import type { Status } from './admin-types.js';
import type { Api } from './api.js';
import type { Objectives } from './health.js';
import type { TimeRange, View } from './view.js';

/** A set of keys that requests are sliced by. */
export type Dimension = Status['dimensions'][number];

/** What a part of the page may ask of the page. */
export interface Host {
  readonly api: Api;
  readonly view: View;
  readonly range: TimeRange;
  /** Milliseconds since 1970, by the server's clock. */
  readonly now: number;
  /** The sets that are kept; null until the server has said so. */
  readonly dimensions: readonly Dimension[] | null;
  /** By what health is judged; null likewise. */
  readonly objectives: Objectives | null;
  /** Shows another view. */
  readonly go: (change: Partial<View>) => void;
  /** The same, as the handler of an event. */
  readonly to: (change: Partial<View>) => () => void;
  /** Fetches everything anew. */
  readonly load: () => void;
  /** Renders everything anew. */
  readonly changed: () => void;
}
