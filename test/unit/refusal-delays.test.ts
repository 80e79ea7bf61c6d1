import { beforeEach, describe, expect, it } from '@jest/globals';
import { RefusalDelays } from '../../src/ops/http/refusal-delays.js';

let now: number;
let waits: { ms: number; end: () => void }[];
let delays: RefusalDelays;

beforeEach(() => {
  now = 1_000;
  waits = [];
  delays = new RefusalDelays(
    () => now,
    (ms) =>
      new Promise<void>((resolve) => {
        waits.push({ ms, end: resolve });
      }),
  );
});

/** Refuses one after the other, each after the one before was answered; the delays that they waited. */
async function delaysOf(refusals: number, address = 'a'): Promise<number[]> {
  const delayed: number[] = [];
  for (let i = 0; i < refusals; i += 1) {
    const answered = delays.refuse(address);
    const wait = waits.pop();
    wait?.end();
    await answered;
    delayed.push(wait?.ms ?? 0);
  }
  return delayed;
}

describe('RefusalDelays', () => {
  it('answers twenty at once, then each later than the one before, up to two seconds', async () => {
    expect(await delaysOf(20)).toEqual(Array<number>(20).fill(0));
    expect(await delaysOf(7)).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(await delaysOf(2_000)).toEqual(Array<number>(2_000).fill(2_000));
    expect(delays.total).toBe(2_027);
  });

  it('keeps addresses apart', async () => {
    await delaysOf(30, 'a');
    expect(await delaysOf(20, 'b')).toEqual(Array<number>(20).fill(0));
  });

  it('forgets an address after a minute without a refusal, and not before', async () => {
    await delaysOf(21);
    now += 60_000;
    expect(await delaysOf(1)).toEqual([200]);
    now += 60_001;
    expect(await delaysOf(20)).toEqual(Array<number>(20).fill(0));
  });

  it('looks at nothing more of an address of which ten wait, until one of them is answered', async () => {
    await delaysOf(20);
    const held = Array.from({ length: 10 }, () => delays.refuse('a'));
    expect([delays.refusesUnseen('a'), delays.refusesUnseen('b')]).toEqual([true, false]);
    expect(delays.total).toBe(31); // the unseen one included
    waits[0]?.end();
    await held[0];
    expect(delays.refusesUnseen('a')).toBe(false);
    waits.forEach(({ end }) => {
      end();
    });
    await Promise.all(held);
    expect(delays.refusesUnseen('a')).toBe(false);
  });

  it('remembers so many addresses and no more: the one refused longest ago goes', async () => {
    await delaysOf(25, 'attacker');
    for (let i = 0; i < 9_999; i += 1) await delays.refuse(`other ${i}`);
    expect(await delaysOf(1, 'attacker')).toEqual([2_000]); // still known, and now the latest
    for (let i = 0; i < 20_000; i += 1) await delays.refuse(`another ${i}`);
    expect(delays.size).toBe(10_000);
    expect(await delaysOf(1, 'attacker')).toEqual([0]);
  });
});
