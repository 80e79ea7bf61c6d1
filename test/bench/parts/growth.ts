import type { BenchOptions } from '../options.js';
import type { Bench, Part } from '../support/bench.js';
import { digits, median, megabytes, ms, percent, timed } from '../support/numbers.js';
import { withOps } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { createScene, resetMetrics, type Scene } from '../support/scene.js';
import { storedBytes } from './storage.js';
import { timeTicks } from './timed-ticks.js';

async function measure(scene: Scene, options: BenchOptions): Promise<string[]> {
  return withOps(scene, { drainConcurrency: 1 }, async (ops) => {
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
    return [
      digits(scene.rows),
      digits(took / 1000),
      digits((scene.rows / took) * 1000),
      ms(ticks.idle),
      ms(ticks.newestHour),
      ms(ticks.textbook),
      megabytes(hourly + daily),
      percent((hourly + daily) / raw),
    ];
  });
}

export const growth: Part = async ({ server, options }: Bench): Promise<Section> => {
  const rows: string[][] = [];
  for (const count of options.growthRows) {
    const scene = await createScene(server, { ...options, rows: count });
    try {
      rows.push(await measure(scene, options));
    } finally {
      await scene.drop();
    }
  }
  return {
    title: 'Growth',
    notes: [`${options.days} days each, 1 worker, with distributions. Storage: hourly and daily rows.`],
    head: [
      'usage rows',
      'rebuild, s',
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
