import { describe, expect, it } from '@jest/globals';
import { DEFINITION_VERSION, definitionNumber } from '../../src/ops/definitions/definition-version.js';

describe('definitionNumber', () => {
  it('is the version where nothing is special', () => {
    expect(definitionNumber([])).toBe(DEFINITION_VERSION);
  });

  it('tells what is special apart, keeps the version in it, and fits an int', () => {
    const numbers = Array.from({ length: 200 }, (_v, index) => definitionNumber([`e.id > ${index}`]));
    expect(new Set(numbers).size).toBeGreaterThan(195);
    expect(definitionNumber(['a'])).toBe(definitionNumber(['a']));
    expect(definitionNumber(['a', 'b'])).not.toBe(definitionNumber(['b', 'a']));
    for (const number of numbers) {
      expect(number % 1_000).toBe(DEFINITION_VERSION);
      expect(number).toBeGreaterThan(1_000);
      expect(number).toBeLessThan(2 ** 31);
    }
  });
});
