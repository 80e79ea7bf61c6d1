import type { INestApplicationContext } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { userInfo } from 'node:os';
import { RebuildService, type RebuildProgress } from '../ops/index.js';
import { withServices } from './context.js';
import { CommandFailure } from './failures.js';
import { hoursDisplay } from './hours-display.js';

/** How often the progress is read, in milliseconds. */
const PROGRESS_INTERVAL_MS = 200;

interface RebuildOptions {
  readonly from: Date;
  readonly to: Date;
  readonly force?: boolean;
  readonly reason?: string;
}

export async function rebuildCommand(options: RebuildOptions): Promise<void> {
  await withServices((app) => runRebuild(app, options));
}

/** Requests a rebuild and shows its progress until it has ended. */
export async function runRebuild(app: INestApplicationContext, options: RebuildOptions): Promise<void> {
  const rebuilds = app.get(RebuildService, { strict: false });
  const requested = await rebuilds.request(options, `cli:${userInfo().username}`);
  console.log(
    `Rebuild ${requested.id}: ${requested.hours.total} hours, ${requested.from} to ${requested.to}`,
  );
  const ended = await watch(rebuilds, requested);
  if (ended.hours.failed > 0) {
    throw new CommandFailure(
      `${ended.hours.failed} of ${ended.hours.total} hours failed or were held back: ` +
        '`npm run ops -- status` says why; --force recomputes hours that were held back',
    );
  }
  console.log(`Done: ${ended.hours.done} hours`);
}

/** Shows the progress until the rebuild has ended: a bar on a terminal, plain lines elsewhere. */
async function watch(rebuilds: RebuildService, requested: RebuildProgress): Promise<RebuildProgress> {
  const show = hoursDisplay(requested.hours.total);
  // No jobs run here: until the rebuild has ended, this process is the one that comes back for what is left.
  let draining: Promise<void> | undefined;
  for (;;) {
    draining ??= rebuilds.resume().finally(() => {
      draining = undefined;
    });
    const progress = await rebuilds.progress(requested.id);
    show.update(progress.hours.done);
    if (progress.state !== 'running') {
      show.end();
      return progress;
    }
    await sleep(PROGRESS_INTERVAL_MS);
  }
}
