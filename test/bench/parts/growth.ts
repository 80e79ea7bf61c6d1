import type { BenchOptions } from '../options.js';
import type { Bench, Part } from '../support/bench.js';
import { digits, median, megabytes, ms, percent, ratio, timed } from '../support/numbers.js';
import { withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { createScene, resetMetrics, type Scene } from '../support/scene.js';
import { storedBytes } from './storage.js';
import { timeTicks } from './timed-ticks.js';

interface Step {
  readonly cells: readonly string[];
  /** Of a rebuild, for a million rows. */
  readonly seconds: number;
}

async function measure(scene: Scene, options: BenchOptions): Promise<Step> {
  return withOps(scene, { drainConcurrency: 1, dimensions: [] }, async (ops) => {
    const { rounds } = options;
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      await resetMetrics(scene);
      const took = await timed(() => ops.rebuildAll());
      progress(`round ${round} of ${rounds}: ${scene.rows} rows: ${took.toFixed(0)} ms`);
      times.push(took);
    }
    const { hourly, daily, raw } = await storedBytes(scene);
    const ticks = await timeTicks(scene, ops, options);
    const took = median(times);
    const cells = [
      digits((scene.rows / took) * 1000),
      ms(ticks.idle),
      ms(ticks.newestHour),
      ms(ticks.textbook),
      megabytes(hourly + daily),
      percent((hourly + daily) / raw),
    ];
    return { cells, seconds: (took / scene.rows) * 1000 };
  });
}

export const growth: Part = async ({ server, options }: Bench): Promise<Section> => {
  const rows: string[][] = [];
  let first: number | undefined;
  for (const count of options.growthRows) {
    const scene = await createScene(server, { ...options, rows: count });
    try {
      const { cells, seconds } = await measure(scene, options);
      first ??= seconds;
      rows.push([digits(count), digits(seconds), ratio(seconds / first), ...cells]);
    } finally {
      await scene.drop();
    }
  }
  return {
    title: 'Growth',
    notes: [
      `${options.days} days each, 1 worker, with distributions, without sets. Storage: hourly and daily rows.`,
    ],
    head: [
      'usage rows',
      'rebuild: s per million rows',
      'against the first',
      'rows/s',
      'tick: nothing new',
      'tick: one changed hour',
      'textbook tick',
      'storage',
      'of the raw tables',
    ],
    rows,
  };
};
