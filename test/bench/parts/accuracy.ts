import { Random } from '../support/random.js';
import { PERCENTILES } from '../../../src/ops/definitions/definitions.js';
import type { Bench, Part } from '../support/bench.js';
import { digits, quantile } from '../support/numbers.js';
import { rollUp, withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { accuracyRanges } from './accuracy-ranges.js';
import { byRule, exact, ours, type Percentiles } from './accuracy-rules.js';

/** Relative errors of one way, a list for each percentile. */
class Errors {
  private readonly lists = PERCENTILES.map((): number[] => []);

  public add(given: Percentiles, truth: Percentiles): void {
    truth.forEach((value, index) => {
      const answer = given[index] ?? null;
      if ((value === null) !== (answer === null)) {
        throw new Error('One of two answers has no sample');
      }
      if (value !== null && answer !== null && value > 0) {
        this.lists[index % PERCENTILES.length]?.push(Math.abs(answer - value) / value);
      }
    });
  }

  public cells(percentile: number): string[] {
    const list = this.lists[percentile] ?? [];
    // Three decimals at most: what distributions may be off by is 0.781 %.
    const cell = (error: number): string => `${digits(Number((error * 100).toFixed(3)))} %`;
    return [cell(quantile(list, 0.5)), cell(quantile(list, 1))];
  }
}

export const accuracy: Part = async ({ sparse, options }: Bench): Promise<Section> => {
  const scene = await sparse();
  return withOps(scene, {}, async (ops) => {
    await rollUp(scene, ops);
    const random = new Random(options.seed);
    const [ragged, whole, rule] = [new Errors(), new Errors(), new Errors()];
    progress('accuracy: ranges of minutes');
    for (const range of await accuracyRanges(scene, 'minute', options.ranges, random)) {
      ragged.add(await ours(ops.reads, range), await exact(scene, range));
    }
    progress('accuracy: ranges of days');
    for (const range of await accuracyRanges(scene, 'day', options.ranges, random)) {
      const truth = await exact(scene, range);
      whole.add(await ours(ops.reads, range), truth);
      rule.add(await byRule(scene, range), truth);
    }
    return {
      title: 'Accuracy',
      notes: [
        'Relative error against percentile_cont over the raw rows, of duration and TTFT, overall and for random ' +
          `platforms and groups: ${options.ranges} ranges of whole minutes from ten minutes on, and ${options.ranges} of ` +
          'whole days. The rule: p50 and p90 as weighted means, p95 and p99 as maxima, from the daily columns.',
      ],
      head: [
        '',
        'minutes, median',
        'minutes, worst',
        'days, median',
        'days, worst',
        'rule, median',
        'rule, worst',
      ],
      rows: PERCENTILES.map(([label], index) => [
        label,
        ...[ragged, whole, rule].flatMap((errors) => errors.cells(index)),
      ]),
    };
  });
};
