import type { INestApplicationContext } from '@nestjs/common';
import { EnvironmentError } from '../config/environment.js';
import {
  databaseOfOthers,
  removeSampleTraffic,
  type RemovedTraffic,
} from '../gateway/sample-traffic/remove-sample-traffic.js';
import { writeSampleTraffic } from '../gateway/sample-traffic/write-sample-traffic.js';
import { OpsOptions, StatusService } from '../ops/index.js';
import { dataSourceOf, withServices } from './context.js';
import { runRebuild } from './rebuild.command.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface SampleTrafficArguments {
  readonly days: number;
  readonly rows: number;
  readonly seed: number;
  readonly yesIntoThisDatabase?: boolean;
  readonly remove?: boolean;
}

/** @throws EnvironmentError where the database has rows of others and nobody has said that it may be written to */
export async function sampleTrafficCommand(options: SampleTrafficArguments): Promise<void> {
  await withServices((app) => (options.remove === true ? remove(app) : write(app, options)));
}

async function write(app: INestApplicationContext, options: SampleTrafficArguments): Promise<void> {
  const database = options.yesIntoThisDatabase === true ? null : await databaseOfOthers(dataSourceOf(app));
  if (database !== null) {
    throw new EnvironmentError([
      `the database ${database} holds rows or groups that are no sample traffic: nothing was written; ` +
        '--yes-into-this-database writes nevertheless, and --remove takes the sample out again',
    ]);
  }
  const to = new Date();
  const started = performance.now();
  const written = await writeSampleTraffic(dataSourceOf(app), {
    from: new Date(to.getTime() - options.days * DAY_MS),
    to,
    rows: options.rows,
    seed: options.seed,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Wrote ${written.usageRows} requests and ${written.errorRows} errors in ${seconds} s`);
}

async function remove(app: INestApplicationContext): Promise<void> {
  const status = app.get(StatusService, { strict: false });
  // As it was while the rows were there: below it they have never been rolled up, and recomputing would lose history.
  const { rawFloor, rawFloors } = await status.status();
  const floor = Math.max(
    ...[rawFloor, rawFloors.usageLogs, rawFloors.errorLogs].map((at) =>
      at === null ? -Infinity : Date.parse(at),
    ),
  );
  const removed: RemovedTraffic = { usageRows: 0, errorRows: 0, groups: 0, hours: new Set() };
  try {
    await removeSampleTraffic(dataSourceOf(app), removed);
  } finally {
    console.log(
      `Removed ${removed.usageRows} requests, ${removed.errorRows} errors and ${removed.groups} groups`,
    );
    const closed = Date.parse((await status.status()).closedThrough);
    const { maxRebuildDays } = app.get(OpsOptions, { strict: false });
    const starts = [...removed.hours].map((hour) => hour * HOUR_MS);
    // An hour that is still open is computed once it closes, from what is there then.
    const stale = starts.filter((start) => !(start < floor) && start < closed).sort((a, b) => a - b);
    for (const { from, to } of stretches(stale, maxRebuildDays * DAY_MS)) {
      await runRebuild(app, { from, to, force: true, reason: 'sample traffic removed' });
    }
  }
}

/** The hours as ranges without a gap: a forced rebuild must not touch an hour that had no sample traffic. */
function stretches(starts: readonly number[], longestMs: number): { from: Date; to: Date }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const start of starts) {
    const last = ranges.at(-1);
    if (last?.to === start && start + HOUR_MS - last.from <= longestMs) last.to += HOUR_MS;
    else ranges.push({ from: start, to: start + HOUR_MS });
  }
  return ranges.map(({ from, to }) => ({ from: new Date(from), to: new Date(to) }));
}
