import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** Mixes two 32-bit integers into one (the finalizer of MurmurHash3): neighbours end up far apart. */
export function mix32(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A number in [0, 1) that depends on the two integers alone: the same for an hour whichever range is asked for. */
export function hashUniform(a: number, b: number): number {
  return (mix32(a, b) >>> 0) / 2 ** 32;
}

/** Seeded random numbers of the shapes that traffic has. The same seed gives the same sequence. */
export class Random {
  private readonly generator: RandomGenerator;
  private spareNormal: number | null = null;

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

  /** Standard normal, by Box-Muller; the pair's second value serves the next call. */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    // 1 - uniform is in (0, 1]: never the logarithm of 0.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** 16 hexadecimal digits. */
  hexId(): string {
    return this.hex32() + this.hex32();
  }

  private hex32(): string {
    return (this.generator.next() >>> 0).toString(16).padStart(8, '0');
  }
}
