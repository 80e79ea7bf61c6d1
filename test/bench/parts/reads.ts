import type { Bench, Part } from '../support/bench.js';
import { median, ms, quantile, ratio, timed } from '../support/numbers.js';
import { rollUp, withOps, type Ops } from '../support/ops.js';
import type { RawAnswerRow } from '../support/raw-answer.js';
import { progress, type Section } from '../support/report.js';
import type { Scene } from '../support/scene.js';
import { readCases, type ReadCase } from './read-cases.js';

/** Calls of ours in each round, after WARM_UP that are not counted; the raw statement runs once a round. */
const CALLS = 50;
const WARM_UP = 3;

async function measure(scene: Scene, ops: Ops, read: ReadCase, rounds: number): Promise<string[]> {
  const ours: number[] = [];
  const raw: number[] = [];
  for (let call = 0; call < WARM_UP; call += 1) {
    await read.ours(ops.reads);
  }
  for (let round = 0; round < rounds; round += 1) {
    let counted = 0;
    for (let call = 0; call < CALLS; call += 1) {
      ours.push(
        await timed(async () => {
          counted = await read.ours(ops.reads);
        }),
      );
    }
    raw.push(await timed(() => requireSameCount(scene, read, counted)));
  }
  const fromRaw = median(raw);
  return [
    read.name,
    ms(median(ours)),
    ms(quantile(ours, 0.99)),
    ms(fromRaw),
    ms(Math.max(...raw)),
    ratio(fromRaw / median(ours)),
  ];
}

async function requireSameCount(
  { client }: Scene,
  { name, raw, inRange }: ReadCase,
  ours: number,
): Promise<void> {
  const { rows } = await client.query<RawAnswerRow>(raw.text, [...raw.values]);
  const counted = rows
    .filter(({ key }) => inRange(key))
    .reduce((total, row) => total + Number(row.success_count ?? 0), 0);
  if (counted !== ours) {
    throw new Error(`${name}: ${ours} requests, but ${counted} raw rows`);
  }
}

export const reads: Part = async ({ sparse, options }: Bench): Promise<Section> => {
  const scene = await sparse();
  return withOps(scene, {}, async (ops) => {
    await rollUp(scene, ops);
    const rows: string[][] = [];
    for (const read of readCases(scene)) {
      progress(`reads: ${read.name}`);
      rows.push(await measure(scene, ops, read, options.rounds));
    }
    return {
      title: 'Reads',
      notes: [
        `ReadService, ${CALLS * options.rounds} calls of each, beside one plain statement over the raw rows ` +
          `(${options.rounds} runs, so its slowest takes the place of a p99) for the same counts, tokens, averages and ` +
          'percentiles; the overview of both includes the period before. Both counted the same requests.',
      ],
      head: ['', 'ours p50', 'ours p99', 'raw rows p50', 'raw rows max', 'ratio of p50'],
      rows,
    };
  });
};
