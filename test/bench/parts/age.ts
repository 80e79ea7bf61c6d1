import { AGED_OPTIONS, createAgedScene } from '../support/aged-scene.js';
import { HOUR_MS } from '../../../src/ops/common/utc.js';
import type { ReadService } from '../../../src/ops/index.js';
import type { Bench, Part } from '../support/bench.js';
import { databaseClock } from '../support/database-clock.js';
import { insertRowsAt } from '../support/late-rows.js';
import { digits, ms, ratio, timed } from '../support/numbers.js';
import { startOps, withOps, type Ops } from '../support/ops.js';
import { progress, type Section } from '../support/report.js';
import { interleave, type Variant } from '../support/rounds.js';
import type { Scene } from '../support/scene.js';

/** Two months: what an overview of 30 days asks for, with the 30 days before. */
const YOUNG_DAYS = 61;
const DAYS_A_YEAR = 365.25;
const GROUPS = 1_000;
const CALLS = 30;
/** Days that a retention then drops. */
const DROPPED_DAYS = 30;

/** One of the two databases, and the module on it. */
interface Age {
  readonly days: number;
  readonly scene: Scene;
  readonly ops: Ops;
}

interface Measure {
  readonly name: string;
  readonly prepare?: (age: Age) => Promise<void>;
  readonly run: (age: Age) => Promise<unknown>;
}

const upToNow = async (scene: Scene, hours: number): Promise<{ from: Date; to: Date }> => {
  const to = new Date(Math.ceil((await databaseClock(scene)).getTime() / 60_000) * 60_000);
  return { from: new Date(to.getTime() - hours * HOUR_MS), to };
};

/** Everything that one refresh of the dashboard asks of the reads, at once. */
const refresh = (reads: ReadService, range: { from: Date; to: Date }): Promise<unknown> =>
  Promise.all([
    reads.overview(range),
    reads.trend(range),
    reads.series({ ...range, by: 'platform', measures: ['requestsPerSecond', 'errorRate'] }),
    reads.breakdown({ ...range, by: 'platform' }),
    reads.breakdown({ ...range, by: 'group', limit: 200 }),
    reads.latencyDistribution({ ...range, metric: 'duration' }),
  ]);

const read = (
  name: string,
  hours: number,
  ask: (reads: ReadService, range: { from: Date; to: Date }) => Promise<unknown>,
): Measure => ({ name, run: async ({ scene, ops }) => ask(ops.reads, await upToNow(scene, hours)) });

const MEASURES: readonly Measure[] = [
  { name: 'tick: nothing new', run: ({ ops }) => ops.refresh.tick() },
  {
    name: 'tick: one changed hour',
    prepare: async ({ scene }) => {
      const now = (await databaseClock(scene)).getTime();
      await insertRowsAt(scene, [new Date(Math.floor(now / HOUR_MS) * HOUR_MS - HOUR_MS / 2)]);
    },
    run: ({ ops }) => ops.refresh.tick({ asked: true }),
  },
  { name: 'status', run: ({ ops }) => ops.statuses.status() },
  { name: 'a scrape of /metrics', run: ({ ops }) => ops.prometheus.metrics() },
  { name: 'daily job: nothing past its retention', run: ({ ops }) => ops.refresh.maintain() },
  read('overview, 1 h', 1, (reads, range) => reads.overview(range)),
  read('overview, 24 h', 24, (reads, range) => reads.overview(range)),
  read('overview, 30 d', 720, (reads, range) => reads.overview(range)),
  read('trend, 24 h', 24, (reads, range) => reads.trend(range)),
  read('trend, 30 d', 720, (reads, range) => reads.trend(range)),
  read('breakdown by group, 30 d, 20', 720, (reads, range) =>
    reads.breakdown({ ...range, by: 'group', limit: 20 }),
  ),
  read('breakdown by model, 30 d, 20', 720, (reads, range) =>
    reads.breakdown({ ...range, by: 'model', limit: 20 }),
  ),
  ...[1, 24, 720].map((hours) =>
    read(`a refresh of the dashboard, ${hours === 720 ? '30 d' : `${hours} h`}`, hours, refresh),
  ),
];

/** Medians of the young one and of the old one, in turns; the first call of each does not count. */
async function measure(young: Age, old: Age, { name, prepare, run }: Measure): Promise<string[]> {
  progress(name);
  const variants = [young, old].map((age): Variant => ({
    name: `${name}, ${age.days} days`,
    ...(prepare && { prepare: () => prepare(age) }),
    run: () => run(age),
  }));
  await interleave(variants, 1);
  const [ofYoung = NaN, ofOld = NaN] = await interleave(variants, CALLS);
  return [name, ms(ofYoung), ms(ofOld), ratio(ofOld / ofYoung)];
}

/** The daily job on the day that a retention is set to which the oldest days are past. */
async function drop({ scene, days }: Age): Promise<number> {
  const kept = days - DROPPED_DAYS;
  const options = { ...AGED_OPTIONS, hourlyRetentionDays: kept, dailyRetentionDays: kept };
  return withOps(scene, options, async (ops) => {
    let dropped = 0;
    const took = await timed(async () => {
      ({ droppedHourlyRows: dropped } = await ops.refresh.maintain());
    });
    if (dropped < (DROPPED_DAYS - 1) * 24) {
      throw new Error(`Only ${dropped} hourly rows were dropped`);
    }
    return took;
  });
}

async function sizes({ scene, days }: Age): Promise<string> {
  const { rows } = await scene.client.query<Record<'hourly' | 'daily' | 'keys' | 'bytes', string>>(
    `SELECT (SELECT count(*) FROM ops_metrics_hourly) AS hourly, (SELECT count(*) FROM ops_metrics_daily) AS daily,
      (SELECT count(*) FROM ops_metrics_dimension_hourly) AS keys, pg_database_size(current_database()) AS bytes`,
  );
  const { hourly, daily, keys, bytes } = rows[0] ?? {};
  return (
    `${digits(days)} days: ${digits(Number(hourly))} hourly rows, ${digits(Number(daily))} daily ones, ` +
    `${digits(Number(keys))} of models and errors by the hour, ${digits(Number(bytes) / 1e9)} GB`
  );
}

async function grow(bench: Bench, days: number): Promise<Age> {
  const scene = await createAgedScene(bench.server, { days, groups: GROUPS, seed: bench.options.seed });
  return { days, scene, ops: await startOps(scene, { ...AGED_OPTIONS, hourlyRetentionDays: 10 * days }) };
}

/** What runs regularly, and what a dashboard asks, on a database of some years beside one of two months. */
export const age: Part = async (bench: Bench): Promise<Section> => {
  const ages: Age[] = [];
  try {
    for (const days of [YOUNG_DAYS, Math.round(bench.options.years * DAYS_A_YEAR)]) {
      ages.push(await grow(bench, days));
    }
    const [young, old] = ages as [Age, Age];
    const rows: string[][] = [];
    for (const one of MEASURES) {
      rows.push(await measure(young, old, one));
    }
    const [ofYoung, ofOld] = [await drop(young), await drop(old)];
    rows.push([
      `daily job: ${DROPPED_DAYS} days past their retention`,
      ...[ofYoung, ofOld].map(ms),
      ratio(ofOld / ofYoung),
    ]);
    return {
      title: `Age: ${bench.options.years} years`,
      notes: [
        `- Two databases side by side, ${GROUPS.toLocaleString('en-US')} groups in each, 40 of them with traffic; raw rows of two days. ${await sizes(young)}. ${await sizes(old)}.`,
        `- Medians of ${CALLS}, in turns; what an instance has read before it remembers, as always. The statistics know nothing of the last 9 % of the days, and the visibility map nothing of their pages: as long does autovacuum wait at least.`,
      ],
      head: ['', `${YOUNG_DAYS} days`, `${digits(bench.options.years)} years`, 'ratio'],
      rows,
    };
  } finally {
    for (const { ops, scene } of ages) {
      await ops.close();
      await scene.drop();
    }
  }
};
