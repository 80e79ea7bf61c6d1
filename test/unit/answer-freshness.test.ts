import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { freshMs, keptMs, type RangeAnswer } from '../../src/ops/read/answer-freshness.js';
import { OpsReadController } from '../../src/ops/read/ops-read.controller.js';
import type { ReadService } from '../../src/ops/read/read.service.js';

const NOW = Date.parse('2025-03-09T12:00:00Z');

/** Both in seconds from now on. */
const answer = (to: number, through: number, recent: 'minutes' | 'raw' = 'raw'): RangeAnswer => ({
  to: new Date(NOW + to * 1000).toISOString(),
  freshness: { freshThrough: new Date(NOW + through * 1000).toISOString(), recent },
});

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('how long an answer stands', () => {
  it.each([
    ['of the past', -3600, -3600, 60],
    ['of the last hour', -3599, -3599, 10],
    ['that reaches into the present', 30, 0, 10],
    ['of four seconds ago', 30, -4, 6],
    ['that the next data is due for', 30, -10, 0],
    ['by a clock ahead of ours', 30, 5, 10],
    ['that waits for a recomputation', -3600, -7200, 0],
  ])('one %s', (_what, to, through, seconds) => {
    expect(freshMs(answer(to, through), NOW)).toBe(1000 * seconds);
    expect(keptMs(answer(to, through))).toBe(seconds === 0 ? 500 : 2000);
  });

  it('is how long it is given again where it rests on minutes', () => {
    expect(keptMs(answer(30, -4, 'minutes'))).toBe(6000);
    expect(keptMs(answer(30, -10, 'minutes'))).toBe(500);
    expect(keptMs(answer(-60, -60, 'minutes'))).toBe(2000);
  });

  it('is how long it is given again, from half a second up to two, to the same question only', async () => {
    const ages: Record<string, number> = { past: -3600, due: -10 };
    let asked = 0;
    const reads = {
      overview: ({ platform = '' }) => {
        asked += 1;
        return Promise.resolve(answer(platform === 'past' ? -3600 : 30, ages[platform] ?? 0));
      },
    } as unknown as ReadService;
    const controller = new OpsReadController(reads);
    const ask = async (platform: string, slowerThanMs?: string): Promise<number> => {
      const query = { from: 'then', to: 'now', platform, slowerThanMs };
      await controller.overview(query);
      return asked;
    };
    expect([await ask('past'), await ask('past'), await ask('due'), await ask('past', '7')]).toEqual([
      1, 1, 2, 3,
    ]);
    jest.advanceTimersByTime(500);
    expect([await ask('past'), await ask('past', '7'), await ask('due')]).toEqual([3, 3, 4]);
    jest.advanceTimersByTime(1500);
    expect([await ask('past'), await ask('past', '7')]).toEqual([5, 6]);
  });
});
