import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { LostConnectionError } from '../../src/ops/sql/bound-queries.js';
import { failureKind, isUnreachable, sqlState } from '../../src/ops/sql/database-errors.js';

const driverError = (code?: string): Error => Object.assign(new Error('it failed'), { code });
const failed = (code?: string): QueryFailedError =>
  new QueryFailedError('SELECT 1', undefined, driverError(code));

describe('what a failure says of the buckets that were computed, and of the database', () => {
  it.each([
    ['57014', 'bucket', false],
    ['23514', 'bucket', false],
    ['53100', 'bucket', false],
    ['40001', 'conflict', false],
    ['40P01', 'conflict', false],
    ['55P03', 'conflict', false],
    ['25P03', 'server', false],
    ['58030', 'server', false],
    ['XX000', 'server', false],
    ['08006', 'server', true],
    ['53300', 'server', true],
    ['57P01', 'server', true],
    ['57P03', 'server', true],
    ['EPIPE', 'server', true],
    [undefined, 'server', true],
  ])('SQLSTATE %s', (code, kind, unreachable) => {
    const error = failed(code);
    expect([failureKind(error), isUnreachable(error)]).toEqual([kind, unreachable]);
  });

  it.each(['ECONNREFUSED', '57P03', '28P01', '3D000', undefined])(
    'no connection: %s is never of the buckets',
    (code) => {
      const error = new LostConnectionError('', driverError(code), 'There is no connection');
      expect([failureKind(error), isUnreachable(error)]).toEqual(['server', true]);
      expect(error.message).toBe(
        `There is no connection: it failed${code === undefined ? '' : ` (${code})`}`,
      );
    },
  );

  it('what is no failed query has no SQLSTATE', () => {
    expect(sqlState(driverError('23505'))).toBeUndefined();
    expect(isUnreachable(driverError('57P03'))).toBe(false);
  });
});
