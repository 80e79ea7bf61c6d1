import { describe, expect, it } from '@jest/globals';
import { admit, requesterOf, type AdminRequest } from '../../src/ops/http/admin-request.js';
import { logfmt } from '../../src/ops/common/logfmt.js';

const request = (given: Partial<AdminRequest>): AdminRequest => ({
  method: 'POST',
  url: '/',
  headers: {},
  ip: '10.0.0.1',
  ...given,
});

function admitted(user: unknown): string {
  const one = request({ user });
  admit(one);
  return requesterOf(one);
}

describe('requesterOf', () => {
  it.each([
    ['ann', 'ann'],
    [{ email: 'ann@example.com', id: 7, name: 'Ann' }, 'ann@example.com'],
    [{ id: 7, name: 'Ann' }, '7'],
    [{ name: 'Ann' }, 'Ann'],
    [{ email: null, name: 'Ann' }, 'Ann'],
    [undefined, 'admin@10.0.0.1'],
    [null, 'admin@10.0.0.1'],
    ['', 'admin@10.0.0.1'],
    [{}, 'admin@10.0.0.1'],
    [{ id: { nested: true } }, 'admin@10.0.0.1'],
  ])('takes user %j for %j', (user, expected) => {
    expect(admitted(user)).toBe(expected);
  });

  it('does not call anybody admin whom the guard has not let in', () => {
    expect(requesterOf(request({ user: 'ann' }))).toBe('anonymous@10.0.0.1');
  });

  it('fits the column and the log, whatever the host gives', () => {
    expect(admitted('x'.repeat(500))).toHaveLength(128);
    expect(admitted('ann\n\u0000bob')).toBe('annbob');
    expect(admitted('ann\ud83d')).toBe('ann');
    expect(admitted(`${'x'.repeat(127)}\u{1f600}`)).toBe('x'.repeat(127)); // not half of a character
  });
});

describe('logfmt', () => {
  it('writes pairs, and quotes what could be read as another pair or line', () => {
    const values = {
      n: 1,
      none: null,
      path: '/a/b',
      text: 'a b',
      fake: 'x\nlevel=error',
      quote: 'a"b',
      pair: 'a=b',
    };
    expect(logfmt(values)).toBe(
      String.raw`n=1 none= path=/a/b text="a b" fake="x\nlevel=error" quote="a\"b" pair="a=b"`,
    );
  });
});
