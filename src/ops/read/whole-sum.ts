import { OpsSumOutOfRangeError } from './read-errors.js';
import type { ExactSum } from './measures.schemas.js';

const INT64_MAX = 2n ** 63n - 1n;
/** Decimal texts up to this length are far enough below 2^53 that two of them add up exactly as doubles. */
const SHORT = 15;
const SPILL = 2 ** 52;

/** A sum of bigints in decimal text, exact at any size; doubles do the work while they can. */
export class WholeSum {
  private small = 0;
  private large = 0n;

  /** @param name what is added up, for people */
  public constructor(private readonly name: string) {}

  public add(text: string): void {
    if (text.length > SHORT) {
      this.large += BigInt(text);
      return;
    }
    this.addSmall(Number(text));
  }

  public subtract({ small, large }: WholeSum): void {
    this.large -= large;
    this.addSmall(-small);
  }

  private addSmall(number: number): void {
    this.small += number;
    if (Math.abs(this.small) > SPILL) {
      this.large += BigInt(this.small);
      this.small = 0;
    }
  }

  /** @throws OpsSumOutOfRangeError past 64 bits */
  public exact(): ExactSum {
    const total = this.large + BigInt(this.small);
    if (total > INT64_MAX || total < -INT64_MAX - 1n) {
      throw new OpsSumOutOfRangeError(`The sum of ${this.name} is past 64 bits`);
    }
    const number = Number(total);
    return Number.isSafeInteger(number) ? number : String(total);
  }

  /**
   * The same as a count, which is always a number.
   *
   * @throws OpsSumOutOfRangeError where that would not be exact
   */
  public count(): number {
    return safeCount(this.name, Number(this.large + BigInt(this.small)));
  }
}

/** @throws OpsSumOutOfRangeError for a count past 2^53 - 1: more than rows can be counted */
export function safeCount(name: string, count: number): number {
  if (!Number.isSafeInteger(count)) {
    throw new OpsSumOutOfRangeError(`The number of ${name} is past 2^53 - 1`);
  }
  return count;
}
