import { median, timed } from './numbers.js';
import { progress } from './report.js';

/** Something to be timed; `prepare` and `check` are not. */
export interface Variant {
  readonly name: string;
  prepare?(): Promise<void>;
  run(): Promise<unknown>;
  check?(): Promise<void>;
}

/**
 * Median time of each variant in milliseconds, in their order. They take turns within each round, so that whatever
 * else the machine does hits all of them.
 */
export async function interleave(variants: readonly Variant[], rounds: number): Promise<number[]> {
  const times = variants.map((): number[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, variant] of variants.entries()) {
      await variant.prepare?.();
      const took = await timed(() => variant.run());
      await variant.check?.();
      times[index]?.push(took);
      progress(`round ${round} of ${rounds}: ${variant.name}: ${took.toFixed(1)} ms`);
    }
  }
  return times.map(median);
}
