import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SingleFlight } from '../../src/ops/read/single-flight.js';

describe('SingleFlight', () => {
  let worked: number;
  /** Ends the latest work. */
  let end: (result: string) => void;
  let fail: (error: Error) => void;
  const work = async (): Promise<string> => {
    worked += 1;
    return new Promise((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  };
  const quick = (): Promise<string> => {
    worked += 1;
    return Promise.resolve(`result ${worked}`);
  };

  beforeEach(() => {
    worked = 0;
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('works once for all who ask for the same while it works, and anew for who asks after', async () => {
    const flights = new SingleFlight<string>();
    const asking = ['a', 'a', 'a'].map(async (key) => flights.run(key, work));
    end('result');
    expect(await Promise.all(asking)).toEqual(['result', 'result', 'result']);
    expect(worked).toBe(1);
    expect(await flights.run('a', quick)).toBe('result 2');
  });

  it('keeps apart what has another key', async () => {
    const flights = new SingleFlight<string>();
    expect(await Promise.all([flights.run('a', quick), flights.run('b', quick)])).toEqual([
      'result 1',
      'result 2',
    ]);
  });

  it('shares an error, and keeps none', async () => {
    const flights = new SingleFlight<string>(() => 1000);
    const asking = Promise.allSettled([flights.run('a', work), flights.run('a', work)]);
    fail(new Error('no'));
    expect((await asking).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.run('a', quick)).toBe('result 2');
  });

  it('keeps a result for as long as it is told to, and no more than fifty', async () => {
    const flights = new SingleFlight<string>((result) => (result === 'result 1' ? 1000 : 3000));
    expect(await flights.run('a', quick)).toBe('result 1');
    jest.advanceTimersByTime(999);
    expect(await flights.run('a', quick)).toBe('result 1');
    jest.advanceTimersByTime(1);
    expect(await flights.run('a', quick)).toBe('result 2');
    for (let index = 0; index < 49; index += 1) await flights.run(`b${index}`, quick);
    expect([await flights.run('c', quick), await flights.run('c', quick)]).toEqual([
      'result 52',
      'result 53',
    ]);
    expect(await flights.run('b48', quick)).toBe('result 51');
  });
});
