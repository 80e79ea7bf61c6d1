import { describe, expect, it } from '@jest/globals';
import { Latencies } from '../../src/ops/read/distribution.js';
import { KnownRows, type PieceLatencies } from '../../src/ops/read/known-rows.js';

const row = (values: number): PieceLatencies => ({
  duration: new Latencies(new Int32Array(values), null),
  ttft: null,
  output_speed: null,
});
const rows = (names: readonly string[], values = 1): Map<string, PieceLatencies> =>
  new Map(names.map((name) => [name, row(values)]));
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('KnownRows', () => {
  it('keeps the rows of answers by level', () => {
    const known = new KnownRows();
    known.keep('overall', rows(['a']));
    known.keep('group', rows(['b']));
    expect([...known.of('overall').keys()]).toEqual(['a']);
    expect([...known.of('group').keys()]).toEqual(['b']);
    expect(known.of('platform').size).toBe(0);
  });

  it('keeps as many rows of a level as may be sent with a question, those that were asked for last', () => {
    const known = new KnownRows();
    known.keep('overall', rows(names('old', 1500)));
    known.keep('overall', rows([...names('new', 600), 'old0']));
    const kept = known.of('overall');
    expect(kept.size).toBe(2000);
    expect(['old0', 'old1', 'old100', 'old101', 'new599'].map((name) => kept.has(name))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
  });

  it('keeps no more than so many values of all levels together, and forgets what was asked for longest ago', () => {
    const known = new KnownRows();
    known.keep('first', rows(['a'], 1_200_000));
    const held = known.of('first');
    known.keep('second', rows(['b'], 700_000));
    known.keep('first', rows(['a'], 1_200_000)); // the same row: it counts once
    known.keep('third', rows(['c'], 700_000));
    expect(['first', 'second', 'third'].map((level) => known.of(level).size)).toEqual([1, 0, 1]);
    known.keep('fourth', rows(['d'], 4_000_000));
    expect(['first', 'third', 'fourth'].map((level) => known.of(level).size)).toEqual([0, 0, 0]);
    expect(held.size).toBe(1); // whoever has asked has what it was promised
  });
});
