import { HOUR_MS } from '../../../src/ops/common/utc.js';
import type { Bench, Part } from '../support/bench.js';
import { databaseClock } from '../support/database-clock.js';
import { digits, median, megabytes, ms, quantile } from '../support/numbers.js';
import { withOps } from '../support/ops.js';
import { PresentTraffic } from '../support/present-traffic.js';
import { Random } from '../support/random.js';
import { progress, type Section } from '../support/report.js';
import { createSceneOf, type Scene } from '../support/scene.js';
import {
  ENVIRONMENT,
  LATE_ROW_EVERY_MS,
  READ_EVERY_MS,
  SoakRun,
  type SoakSample,
} from '../support/soak-run.js';

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;
/** Minutes at the start that are not looked at: the backfill, and processes that have just started. */
const WARM_UP = 3;
/** Flat is what has not grown by more than a tenth and a few pages, beyond what its rows have. */
const TOLERANCE = 1.1;
const SLACK_BYTES = 262_144;

/** Median of the first third and of the last of the samples. */
type Thirds = readonly [first: number, last: number];

function thirds(samples: readonly SoakSample[], of: (sample: SoakSample) => number): Thirds {
  const counted = samples.slice(WARM_UP);
  const third = Math.max(1, Math.floor(counted.length / 3));
  const middle = (some: readonly SoakSample[]): number =>
    median(some.map(of).filter((value) => !Number.isNaN(value)));
  return [middle(counted.slice(0, third)), middle(counted.slice(-third))];
}

const isFlat = ([first, last]: Thirds, slack: number, [rows, moreRows]: Thirds = [1, 1]): string =>
  last <= first * Math.max(1, moreRows / Math.max(1, rows)) * TOLERANCE + slack ? 'flat' : 'GROWS';

const fromTo = ([first, last]: Thirds, show: (value: number) => string): string =>
  `${show(first)} → ${show(last)}`;

/** Of the processes, one line each. */
function processes(samples: readonly SoakSample[]): string[] {
  const lag = thirds(samples, ({ liveLagSeconds }) => liveLagSeconds);
  return [
    ...['never killed', 'killed'].map((name, index) => {
      const memory = thirds(samples, (sample) => sample.memory[index] ?? NaN);
      const connected = thirds(samples, (sample) => sample.connections[index] ?? NaN);
      // The memory of a process that is a few minutes old says how old it is.
      const verdict = index === 0 ? ` (${isFlat(memory, 0)})` : '';
      return (
        `- The replica that is ${name}: resident memory ${fromTo(memory, megabytes)}${verdict}, ` +
        `connections ${fromTo(connected, digits)} (${isFlat(connected, 1)}).`
      );
    }),
    `- Minutes are complete up to so many seconds ago: ${fromTo(lag, digits)}.`,
  ];
}

function tableRows(samples: readonly SoakSample[]): string[][] {
  return (samples[0]?.tables ?? []).map(({ table }) => {
    const of = (what: 'rows' | 'deadRows' | 'bytes' | 'indexBytes'): Thirds =>
      thirds(samples, ({ tables }) => tables.find((one) => one.table === table)?.[what] ?? NaN);
    const [rows, bytes, indexes] = [of('rows'), of('bytes'), of('indexBytes')];
    const verdicts = [bytes, indexes].map((size) => isFlat(size, SLACK_BYTES, rows));
    return [
      table,
      fromTo(rows, digits),
      fromTo(of('deadRows'), digits),
      fromTo(bytes, megabytes),
      fromTo(indexes, megabytes),
      verdicts.find((verdict) => verdict !== 'flat') ?? 'flat',
    ];
  });
}

/** Compares every closed bucket since the first row, minutes included, with its raw rows. */
async function verified(scene: Scene, from: Date): Promise<string> {
  const to = await databaseClock(scene);
  return withOps(
    scene,
    { minuteRetentionHours: Number(ENVIRONMENT.OPS_MINUTE_RETENTION_HOURS) },
    async (ops) => {
      const { hours, differenceCount, unjudgedCount } = await ops.verifies.verify(from, to);
      return `verify compared ${hours} hours, with their minutes, days and sets: ${differenceCount} differences, ${unjudgedCount} not judged.`;
    },
  );
}

/** Steady writing for a long while, beside two replicas of which one is killed, and a dashboard that is open. */
export const soak: Part = async ({ server, options }: Bench): Promise<Section> => {
  const { minutes, perSecond, seed } = options;
  const perDay = perSecond * DAY_SECONDS;
  const traffics: PresentTraffic[] = [];
  const scene = await createSceneOf(server, { rows: perDay, days: 1 }, async (dataSource) => {
    traffics.push(await PresentTraffic.write(dataSource, perDay, seed));
  });
  try {
    const from = new Date((await databaseClock(scene)).getTime() - 3 * HOUR_MS);
    const ending = new AbortController();
    const run = await SoakRun.start(scene, new Random(seed));
    try {
      progress(`${minutes} minutes of ${perSecond} requests a second`);
      const timer = setTimeout(() => {
        ending.abort();
      }, minutes * MINUTE_MS);
      const writing = traffics.map((traffic) => traffic.goOn(scene, ending.signal));
      await Promise.all([...writing, run.goOn(ending.signal)]).finally(() => {
        clearTimeout(timer);
        ending.abort();
      });
      progress('waiting until the last hour is closed, so that it can be verified');
      await run.settled(await databaseClock(scene));
    } finally {
      await run.end();
    }
    progress('verifying');
    return {
      title: `A soak of ${minutes} minutes`,
      notes: [
        `- ${perSecond} requests a second are written once a second, after two hours of them, and a late row each ${LATE_ROW_EVERY_MS / 1000} s. Two replicas with their schedules; one was killed (SIGKILL) ${run.kills} times and started again. Minutes are kept for an hour, and deleted each minute.`,
        `- Each ${READ_EVERY_MS / 1000} s one of them is asked what a dashboard asks for: ${run.reads.length} times, p50 ${ms(median(run.reads))}, p99 ${ms(quantile(run.reads, 0.99))} for all of it; ${run.failedReads[1]} times the killed one did not answer, ${run.failedReads[0]} times the other one.`,
        `- Medians of the first third of the minutes and of the last, without the first ${WARM_UP}. Flat: at most ${Math.round((TOLERANCE - 1) * 100)} % and ${SLACK_BYTES / 1024} kB more, beyond what the rows of a table have grown by.`,
        ...processes(run.samples),
        `- At the end ${await verified(scene, from)}`,
      ],
      head: ['', 'rows', 'dead rows', 'with TOAST', 'indexes', ''],
      rows: tableRows(run.samples),
    };
  } finally {
    await scene.drop();
  }
};
