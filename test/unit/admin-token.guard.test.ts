import { describe, expect, it } from '@jest/globals';
import { UnauthorizedException, type ExecutionContext } from '@nestjs/common';
import { AdminTokenGuard } from '../../src/auth/admin-token.guard.js';

const TOKEN = '0123456789abcdef0123456789abcdef';

function ask(authorization: string | undefined, value = TOKEN): boolean {
  const request = { headers: authorization === undefined ? {} : { authorization } };
  const context = { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
  return new AdminTokenGuard({ value, generated: false }).canActivate(context);
}

describe('AdminTokenGuard', () => {
  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`])('lets in %j', (header) => {
    expect(ask(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN}0`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer x${TOKEN}`,
    `XBearer ${TOKEN}`,
  ])('answers %j with 401', (header) => {
    expect(() => ask(header)).toThrow(UnauthorizedException);
  });

  it('lets nobody in by an empty token', () => {
    expect(() => ask(undefined, '')).toThrow(UnauthorizedException);
    expect(() => ask('Bearer ', '')).toThrow(UnauthorizedException);
  });
});
