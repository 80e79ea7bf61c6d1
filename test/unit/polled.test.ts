import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Api } from '../../src/ops/dashboard/client/api.js';
import { polled } from '../../src/ops/dashboard/client/polled.js';

interface Run {
  readonly id: string;
  readonly state: string;
}

/** As much of a document as tells whether somebody looks. */
class Tab extends EventTarget {
  public hidden = false;

  public turn(hidden: boolean): void {
    this.hidden = hidden;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let tab: Tab;
let asked: string[];
let state: string;

beforeEach(() => {
  jest.useFakeTimers();
  tab = new Tab();
  Object.assign(globalThis, { document: tab });
  asked = [];
  state = 'running';
});

afterEach(() => {
  jest.useRealTimers();
  Reflect.deleteProperty(globalThis, 'document');
});

const api = {
  get: (path: string) => {
    asked.push(path);
    return Promise.resolve({ id: '7', state });
  },
} as unknown as Api;

const follow = (onProgress?: (run: Run) => void): Promise<Run> =>
  polled<Run>(api, 'rebuilds', { id: '7', state: 'running' }, onProgress);

test('a run is asked for every second until it has ended', async () => {
  const seen: string[] = [];
  const end = follow((run) => seen.push(run.state));
  await jest.advanceTimersByTimeAsync(2_500);
  expect(asked).toEqual(['rebuilds/7', 'rebuilds/7']);
  state = 'finished';
  await jest.advanceTimersByTimeAsync(1_000);
  expect(await end).toEqual({ id: '7', state: 'finished' });
  expect(seen).toEqual(['running', 'running', 'running', 'finished']);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(3);
});

test('while nobody looks it is asked for less often, and at once when somebody looks again', async () => {
  tab.hidden = true;
  const end = follow();
  await jest.advanceTimersByTimeAsync(14_000);
  expect(asked).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(1);
  state = 'finished';
  tab.turn(false);
  await end;
  expect(asked).toHaveLength(2);
});

test('a run that has ended is not asked for', async () => {
  await polled<Run>(api, 'rebuilds', { id: '7', state: 'cancelled' });
  expect(asked).toEqual([]);
});
