import { describe, expect, it } from '@jest/globals';
import { CrashLog } from '../../src/ops/drain/crash-log.js';
import type { Bucket } from '../../src/ops/drain/recomputed-buckets.js';

const hour = (number: number): Bucket => ({
  tier: 'hour',
  start: new Date(Date.UTC(2026, 0, 1, number)).toISOString(),
});
const hours = (count: number): Bucket[] => Array.from({ length: count }, (_, number) => hour(number));

describe('buckets that were in work when the server went down', () => {
  it.each([
    [1, 1],
    [32, 1],
    [96, 10],
    [720, 27],
  ])('are suspected until each of %d may have been in work, with %d at a time', (count, most) => {
    const log = new CrashLog();
    expect(log.atMost).toBe(Infinity);
    log.suspect(hours(count), 'gone');
    const turns = Math.max(24, 2 * Math.ceil(count / most));
    for (let done = 0; done < turns; done += 1) {
      expect(log.atMost).toBe(most);
      log.acquit();
    }
    expect(log.isEmpty).toBe(true);
    expect(log.atMost).toBe(Infinity);
  });

  it('are taken one by one after a few of them went down again, and not where another connection tells of its own', () => {
    const log = new CrashLog();
    log.suspect(hours(96), 'gone');
    log.suspect([{ ...hour(0), tier: 'day' }], 'gone');
    expect(log.atMost).toBe(10);
    log.suspect([], 'gone while nothing was in work');
    expect(log.atMost).toBe(10);
    log.suspect(hours(10), 'gone again');
    expect(log.atMost).toBe(1);
    // It was none of the others: 20 turns are enough for these, and 24 the fewest.
    for (let done = 0; done < 24; done += 1) log.acquit();
    expect(log.isEmpty).toBe(true);
  });

  it('are convicted by three times alone, and not by others', () => {
    const log = new CrashLog();
    log.suspect(hours(96), 'gone');
    log.suspect(hours(96).slice(-10), 'gone');
    for (let times = 1; times <= 3; times += 1) {
      expect(log.convicted()).toEqual([]);
      for (let done = 0; done < 9; done += 1) log.acquit();
      log.suspect([hour(95)], 'gone again');
    }
    expect(log.convicted()).toMatchObject([{ bucket: hour(95), reason: 'gone again', times: 3 }]);
    expect(log.convicted()).toEqual([]);
  });
});
