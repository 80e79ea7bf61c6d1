import type { DataSource } from 'typeorm';
import { writeSampleTraffic } from '../../../src/gateway/sample-traffic/write-sample-traffic.js';
import type { ReadService } from '../../../src/ops/index.js';
import { DAY_MS } from '../../../src/ops/common/utc.js';
import { fillGroups } from './groups.js';
import type { Bench, Part } from '../support/bench.js';
import { median, ms, quantile, timed } from '../support/numbers.js';
import { rollUp, withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { createSceneOf } from '../support/scene.js';

const CALLS = 50;
const WARM_UP = 3;
const YEAR = 365;
const YEAR_ROWS = 2_000_000;

interface Case {
  readonly name: string;
  readonly days: number;
  readonly read: (reads: ReadService, range: { from: Date; to: Date }) => Promise<unknown>;
}

const OVERVIEWS = [1, 30, YEAR].map((days): Case => ({
  name: days === 1 ? 'overview, 24 h' : `overview, ${days} d`,
  days,
  read: (reads, range) => reads.overview(range),
}));

const breakdown = (name: string, limit: number): Case => ({
  name: `breakdown by group, 30 d, ${name}`,
  days: 30,
  read: (reads, range) => reads.breakdown({ ...range, by: 'group', limit }),
});

async function measure(
  { server }: Bench,
  shape: { readonly rows: number; readonly days: number },
  fill: (dataSource: DataSource, from: Date, to: Date) => Promise<unknown>,
  cases: readonly Case[],
): Promise<string[][]> {
  const scene = await createSceneOf(server, shape, async (dataSource, from, to) => {
    await fill(dataSource, from, to);
  });
  try {
    return await withOps(scene, { maxRebuildDays: shape.days + 1 }, async (ops) => {
      await rollUp(scene, ops);
      const rows: string[][] = [];
      for (const { name, days, read } of cases) {
        progress(name);
        const range = { from: new Date(scene.to.getTime() - days * DAY_MS), to: scene.to };
        const times: number[] = [];
        for (let call = 0; call < WARM_UP + CALLS; call += 1) {
          times.push(await timed(() => read(ops.reads, range)));
        }
        const counted = times.slice(WARM_UP);
        rows.push([name, ms(median(counted)), ms(quantile(counted, 0.99))]);
      }
      return rows;
    });
  } finally {
    await scene.drop();
  }
}

export const history: Part = async (bench: Bench): Promise<Section> => {
  const { seed } = bench.options;
  const year = { rows: YEAR_ROWS, days: YEAR };
  const month = { rows: 1000 * 30 * 24 * 2, days: 30 };
  return {
    title: 'The past',
    notes: [
      `ReadService, ${CALLS} calls of each, over whole UTC days, with the period of equal length before it. A year of the sample traffic with ${YEAR_ROWS / 1e6} M usage rows, and 30 days of 1,000 groups with two rows an hour each.`,
    ],
    head: ['', 'p50', 'p99'],
    rows: [
      ...(await measure(
        bench,
        year,
        (dataSource, from, to) => writeSampleTraffic(dataSource, { from, to, rows: YEAR_ROWS, seed }),
        [...OVERVIEWS, breakdown('40 groups', 40)],
      )),
      ...(await measure(
        bench,
        month,
        (dataSource, from) => fillGroups(dataSource, from, { groups: 1000, days: 30, seed }),
        [breakdown('20 of 1,000 groups', 20)],
      )),
    ],
  };
};
