import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ApiError, UnreachableError } from '../../src/ops/dashboard/client/api.js';
import { mayPass, RetryTimer } from '../../src/ops/dashboard/client/retry-timer.js';

const refused = (status: number, retryAfterMs = 0): ApiError =>
  new ApiError(status, 'CODE', 'No.', null, retryAfterMs);

describe('mayPass', () => {
  test.each([
    ['the server cannot be reached', new UnreachableError(null), true],
    ['500', refused(500), true],
    ['503', refused(503), true],
    ['429', refused(429), true],
    ['408', refused(408), true],
    ['400', refused(400), false],
    ['404', refused(404), false],
  ])('%s: %p is %p', (_what, error, expected) => {
    expect(mayPass(error)).toBe(expected);
  });
});

describe('RetryTimer', () => {
  let due: jest.Mock<() => void>;
  let timer: RetryTimer;

  beforeEach(() => {
    jest.useFakeTimers();
    due = jest.fn<() => void>();
    timer = new RetryTimer(due);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** How long after its start the timer is due, in seconds. */
  function pause(errors: readonly unknown[] = []): number {
    due.mockClear();
    timer.start(errors);
    let seconds = 0;
    for (; due.mock.calls.length === 0 && seconds < 1_000; seconds += 1) jest.advanceTimersByTime(1_000);
    return seconds;
  }

  test('waits longer after each failure, up to a minute, and starts anew after a success', () => {
    expect([pause(), pause(), pause(), pause(), pause(), pause()]).toEqual([5, 10, 20, 40, 60, 60]);
    timer.reset();
    expect(pause()).toBe(5);
  });

  test('waits as long as the server asks for', () => {
    expect(pause([new UnreachableError(null), refused(503, 17_000)])).toBe(17);
  });

  test('is due once, and not at all once it is stopped', () => {
    timer.start([]);
    timer.start([]);
    jest.advanceTimersByTime(100_000);
    expect(due).toHaveBeenCalledTimes(1);
    timer.start([]);
    timer.stop();
    jest.advanceTimersByTime(100_000);
    expect(due).toHaveBeenCalledTimes(1);
  });
});
