import { expect, it } from '@jest/globals';
import { chosenCoding } from '../../src/ops/dashboard/content-coding.js';

it.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip, deflate, br, zstd', 'br'],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'br'],
  ['GZIP', 'gzip'],
  ['gzip;q=1, br;q=0.9', 'gzip'],
  ['gzip ; q = 0.5 , br ; q = 0.501', 'br'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.000, *', 'gzip'],
  ['*', 'br'],
  ['*;q=0', 'identity'],
  ['*;q=0, gzip;q=0.001', 'gzip'],
  ['identity', 'identity'],
  ['identity;q=0', 'identity'],
  ['identity;q=0, *;q=0.1', 'br'],
  ['identity, gzip;q=0.5', 'identity'],
  ['gzip;q=0.5, identity;q=0.5', 'gzip'],
  ['deflate, zstd', 'identity'],
  ['gzip;q=2', 'gzip'],
  ['gzip;q=none, br;q=0.9', 'gzip'],
  ['brotli, x-br', 'identity'],
  [['br;q=0', 'gzip'], 'gzip'],
])('Accept-Encoding %j is answered in %s', (header, coding) => {
  expect(chosenCoding(header)).toBe(coding);
});
