import { beforeEach, describe, expect, it } from '@jest/globals';
import { WriteBudget } from '../../src/ops/http/write-budget.js';

let now: number;
let budget: WriteBudget;

beforeEach(() => {
  now = 1_000;
  budget = new WriteBudget(3, () => now);
});

const takeAfter = (ms: number, who = 'a'): number => {
  now += ms;
  return budget.take(who);
};

describe('WriteBudget', () => {
  it('grants as many as a minute has, then says when the oldest of them is a minute old', () => {
    expect([takeAfter(0), takeAfter(10_000), takeAfter(10_000)]).toEqual([0, 0, 0]);
    expect(takeAfter(0)).toBe(40);
    expect(takeAfter(39_999)).toBe(1);
    expect(takeAfter(1)).toBe(0);
    expect(takeAfter(0)).toBe(10);
  });

  it('charges nothing for a refusal', () => {
    for (let i = 0; i < 3; i += 1) takeAfter(0);
    for (let i = 0; i < 50; i += 1) expect(takeAfter(1_000)).toBeGreaterThan(0);
    expect(takeAfter(10_000)).toBe(0);
  });

  it('never grants more than the limit in any minute', () => {
    const granted: number[] = [];
    for (let i = 0; i < 600; i += 1) if (takeAfter(700) === 0) granted.push(now);
    for (const end of granted) {
      expect(granted.filter((at) => at > end - 60_000 && at <= end).length).toBeLessThanOrEqual(3);
    }
    expect(granted.length).toBeGreaterThanOrEqual(3 * 7);
  });

  it('gives each requester a budget of its own', () => {
    for (let i = 0; i < 4; i += 1) takeAfter(0, 'a');
    expect(takeAfter(0, 'b')).toBe(0);
  });

  it('remembers who wrote just now, however many others come', () => {
    for (let i = 0; i < 3; i += 1) takeAfter(0, 'a');
    for (let i = 0; i < 3_000; i += 1) takeAfter(1, `other ${i}`);
    expect(takeAfter(0, 'a')).toBeGreaterThan(0);
  });
});
