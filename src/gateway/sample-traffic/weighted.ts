import type { Random } from './random.js';

/** Draws items in proportion to their weights. */
export class Weighted<Item> {
  private readonly items: readonly Item[];
  private readonly cumulative: readonly number[];
  private readonly total: number;

  /** @throws RangeError without any positive weight */
  constructor(items: readonly Item[], weightOf: (item: Item) => number) {
    const positive = items.filter((item) => weightOf(item) > 0);
    let total = 0;
    this.items = positive;
    this.cumulative = positive.map((item) => (total += weightOf(item)));
    this.total = total;
    if (positive.length === 0) throw new RangeError('Nothing to draw from: every weight is 0');
  }

  draw(random: Random): Item {
    const target = random.uniform() * this.total;
    let low = 0;
    let high = this.cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.cumulative[middle] ?? Infinity) > target) high = middle;
      else low = middle + 1;
    }
    return this.items[low] as Item;
  }
}
