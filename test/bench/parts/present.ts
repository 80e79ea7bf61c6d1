import type { ReadService } from '../../../src/ops/index.js';
import { HOUR_MS } from '../../../src/ops/common/utc.js';
import type { Bench, Part } from '../support/bench.js';
import { databaseClock } from '../support/database-clock.js';
import { digits, median, ms, percent, ratio, timed } from '../support/numbers.js';
import { withOps, type Ops } from '../support/ops.js';
import { PresentTraffic } from '../support/present-traffic.js';
import { BY_PERIOD, rawAnswer } from '../support/raw-answer.js';
import { progress, type Section } from '../support/report.js';
import { createSceneOf, type Scene } from '../support/scene.js';

const MINUTE_MS = 60_000;
const TICK_INTERVAL_MS = 10_000;
/** How long the traffic goes on. */
const LIVE_MS = 90_000;
const PAUSE_MS = 250;
const RAW_RUNS = 3;
const IDLE_TICKS = 50;

interface Measured {
  readonly overview: number;
  readonly fromRaw: number;
  readonly refresh: number;
  readonly tickShare: number;
  readonly idleTick: number;
  readonly oldestMs: number;
}

/** The last hour up to the running minute, as a dashboard asks for it. */
async function lastHour(scene: Scene): Promise<{ from: Date; to: Date }> {
  const to = new Date(Math.ceil((await databaseClock(scene)).getTime() / MINUTE_MS) * MINUTE_MS);
  return { from: new Date(to.getTime() - HOUR_MS), to };
}

/** Everything that one refresh of the dashboard asks for. */
const refresh = (reads: ReadService, range: { from: Date; to: Date }): Promise<unknown> =>
  Promise.all([
    reads.overview(range),
    reads.trend({ ...range, bucket: '1m' }),
    reads.breakdown({ ...range, by: 'group', limit: 20 }),
    reads.latencyDistribution({ ...range, metric: 'duration' }),
    reads.latencyDistribution({ ...range, metric: 'ttft' }),
  ]);

/** Ticks like the schedule does, until the signal: the sum of their times, in milliseconds. */
async function tickOn(ops: Ops, signal: AbortSignal): Promise<number> {
  let spent = 0;
  while (!signal.aborted) {
    const took = await timed(() => ops.refresh.tick());
    spent += took;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, TICK_INTERVAL_MS - took)));
  }
  return spent;
}

async function measure(scene: Scene, traffic: PresentTraffic, ops: Ops): Promise<Measured> {
  const ending = new AbortController();
  const writing = traffic.goOn(scene, ending.signal);
  const ticking = tickOn(ops, ending.signal);
  const started = performance.now();
  const [overviews, refreshes, ages]: [number[], number[], number[]] = [[], [], []];
  while (performance.now() - started < LIVE_MS) {
    const range = await lastHour(scene);
    overviews.push(
      await timed(async () => {
        const { freshness } = await ops.reads.overview(range);
        if (freshness.recent !== 'minutes') {
          progress(`an answer rests on ${String(freshness.recent)}`);
        }
        ages.push((await databaseClock(scene)).getTime() - Date.parse(freshness.asOf));
      }),
    );
    refreshes.push(await timed(() => refresh(ops.reads, range)));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const lasted = performance.now() - started;
  ending.abort();
  const spent = await ticking;
  await writing;
  const range = await lastHour(scene);
  const before = new Date(range.from.getTime() - HOUR_MS);
  const raw: number[] = [];
  for (let run = 0; run < RAW_RUNS; run += 1) {
    const values = [before, range.to, range.from].map((date) => date.toISOString());
    raw.push(await timed(() => scene.client.query(rawAnswer(BY_PERIOD), values)));
  }
  await ops.refresh.tick();
  const idle: number[] = [];
  for (let tick = 0; tick < IDLE_TICKS; tick += 1) {
    idle.push(await timed(() => ops.refresh.tick()));
  }
  return {
    overview: median(overviews),
    fromRaw: median(raw),
    refresh: median(refreshes),
    tickShare: spent / lasted,
    idleTick: median(idle),
    oldestMs: Math.max(...ages),
  };
}

async function measureDensity(
  { server, options }: Bench,
  perDay: number,
): Promise<Measured & { perHour: number }> {
  let traffic: PresentTraffic | undefined;
  const scene = await createSceneOf(server, { rows: perDay, days: 1 }, async (dataSource) => {
    traffic = await PresentTraffic.write(dataSource, perDay, options.seed);
  });
  try {
    const written = traffic as unknown as PresentTraffic;
    return await withOps(
      scene,
      { drainConcurrency: 1, auditPercent: 1, safeDelaySeconds: 300 },
      async (ops) => {
        progress(`${perDay} a day: first run`);
        await ops.refresh.tick();
        await scene.client.query('VACUUM (ANALYZE)');
        progress(`${perDay} a day: measuring`);
        await ops.refresh.tick(); // the vacuum took longer than the ticks are apart
        return { ...(await measure(scene, written, ops)), perHour: written.perHour };
      },
    );
  } finally {
    await scene.drop();
  }
}

export const present: Part = async (bench: Bench): Promise<Section> => {
  const measured = [];
  for (const perDay of bench.options.perDay) {
    measured.push({ perDay, ...(await measureDensity(bench, perDay)) });
  }
  const [first] = measured;
  return {
    title: 'The present',
    notes: [
      `- The last two hours are loaded at each density (copies of ten minutes of the sample traffic, 40 groups), and traffic goes on at it for ${LIVE_MS / 1000} s, with a tick every ${TICK_INTERVAL_MS / 1000} s on one connection. ` +
        'Writer, ticks, reads and server share the machine.',
      '- Overview: of the last 60 minutes, with the hour before it; beside one plain statement over the raw rows for the same. ' +
        'A refresh: overview, trend by minute, 20 groups, both latency distributions, asked at once and without the cache of the endpoints.',
      '- Tick: the time of its ticks by the clock, which is more than their share of a core. Age: of the oldest answer, when it was there.',
    ],
    head: [
      'requests a day',
      'in the last hour',
      'overview',
      'from raw rows',
      'ratio',
      'against the first row',
      'one refresh',
      'ticks, share of the time',
      'tick: nothing new',
      'oldest answer',
    ],
    rows: measured.map((row) => [
      digits(row.perDay),
      digits(row.perHour),
      ms(row.overview),
      ms(row.fromRaw),
      ratio(row.fromRaw / row.overview),
      ratio(row.overview / (first?.overview ?? NaN)),
      ms(row.refresh),
      percent(row.tickShare),
      ms(row.idleTick),
      `${digits(row.oldestMs / 1000)} s`,
    ]),
  };
};
