import type { BenchOptions } from '../options.js';
import type { Section } from './report.js';
import type { Scene } from './scene.js';
import type { BenchServer } from './server.js';

/** What a part works with. */
export interface Bench {
  readonly server: BenchServer;
  readonly options: BenchOptions;
  /** The scene of the sparse shape, written when it is first asked for. Whoever uses it brings it into its state. */
  readonly sparse: () => Promise<Scene>;
}

export type Part = (bench: Bench) => Promise<Section>;
