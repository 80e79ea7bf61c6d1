import { describe, expect, it } from '@jest/globals';
import { OpsBusyError } from '../../src/ops/read/read-errors.js';
import { ReadGate } from '../../src/ops/read/read-gate.js';

/** Work that ends when it is told to. */
function held(): { work: () => Promise<string>; end: (result: string) => void } {
  let end: (result: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('ReadGate', () => {
  it('lets as many run as it has slots, and the others one after another as they came', async () => {
    const gate = new ReadGate(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        gate.run(async () => {
          order.push(index);
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('refuses at once what the queue has no room for, and goes on when work failed', async () => {
    const gate = new ReadGate(1);
    const first = held();
    const running = gate.run(first.work);
    const waiting = Array.from({ length: 25 }, () => gate.run(() => Promise.reject(new Error('no'))));
    const outcomes = Promise.allSettled(waiting);
    await expect(gate.run(() => Promise.resolve())).rejects.toThrow(OpsBusyError);
    first.end('done');
    expect(await running).toBe('done');
    expect((await outcomes).map(({ status }) => status)).toEqual(Array<string>(25).fill('rejected'));
    expect(await gate.run(() => Promise.resolve('free'))).toBe('free');
  });

  it('refuses what has waited too long, and gives its turn to nobody', async () => {
    const gate = new ReadGate(1, 20);
    const first = held();
    const running = gate.run(first.work);
    await expect(gate.run(() => Promise.resolve())).rejects.toMatchObject({
      name: 'OpsBusyError',
      retryAfterSeconds: 2,
    });
    first.end('done');
    await running;
    expect(await gate.run(() => Promise.resolve('free'))).toBe('free');
  });
});
