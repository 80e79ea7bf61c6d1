import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Mixes two 32-bit integers into one (the finalizer of MurmurHash3): neighbours end up far apart. */
export function mix32(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A number in [0, 1) that depends on the two integers alone: the same for an hour whichever range is asked for. */
export const hashUniform = (a: number, b: number): number => (mix32(a, b) >>> 0) / 2 ** 32;

/** A stable 32-bit number for a name (FNV-1a). */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

/** Seeded random numbers of the shapes that traffic has. The same seed gives the same sequence. */
export class Random {
  private readonly generator;

  constructor(seed: number) {
    this.generator = xoroshiro128plus(mix32(seed, 0));
    // The generator starts from 32 bits of seed in a 128-bit state; its first outputs still show that.
    for (let i = 0; i < 16; i += 1) this.generator.next();
  }

  /** In [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** By Box-Muller. 1 - uniform is in (0, 1]: never the logarithm of 0. */
  logNormal(median: number, sigma: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return median * Math.exp(sigma * radius * Math.cos(2 * Math.PI * this.uniform()));
  }

  /** 16 hexadecimal digits. */
  hexId(): string {
    const hex32 = (): string => (this.generator.next() >>> 0).toString(16).padStart(8, '0');
    return hex32() + hex32();
  }
}

/** Draws items in proportion to their weights. */
export function weighted<Item>(
  items: readonly Item[],
  weightOf: (item: Item, index: number) => number,
): (random: Random) => Item {
  const weights = items.map(weightOf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (random) => {
    let left = random.uniform() * total;
    // Not found, by rounding, is -1: the last one.
    return items.at(weights.findIndex((weight) => (left -= weight) < 0)) as Item;
  };
}
