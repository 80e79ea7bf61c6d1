import type { INestApplicationContext } from '@nestjs/common';
import { SingleBar } from 'cli-progress';
import { setTimeout as sleep } from 'node:timers/promises';
import { userInfo } from 'node:os';
import { RebuildService, RefreshService, type RebuildProgress } from '../ops/index.js';
import { withServices } from './context.js';
import { CommandFailure } from './failures.js';

/** How often the progress is read, in milliseconds. */
const PROGRESS_INTERVAL_MS = 200;
/** Without a terminal a line is printed per so many percent. */
const LINE_EVERY_PERCENT = 10;

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
  const requested = await rebuilds.request({ ...options, requestedBy: `cli:${userInfo().username}` });
  console.log(
    `Rebuild ${requested.id}: ${requested.hours.total} hours, ${requested.from} to ${requested.to}`,
  );
  const ended = await watch(rebuilds, requested);
  // Days that closed with this rebuild are done; this adds the ones that had closed before and have no daily row.
  await app.get(RefreshService, { strict: false }).daily();
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
  const show = process.stdout.isTTY ? barDisplay(requested.hours.total) : lineDisplay();
  // No jobs run here: until the rebuild has ended, this process is the one that comes back for what is left.
  let draining: Promise<void> | undefined;
  for (;;) {
    draining ??= rebuilds.resume().finally(() => {
      draining = undefined;
    });
    const progress = await rebuilds.progress(requested.id);
    show.update(progress);
    if (progress.state !== 'running') {
      show.end();
      return progress;
    }
    await sleep(PROGRESS_INTERVAL_MS);
  }
}

interface Display {
  update(progress: RebuildProgress): void;
  end(): void;
}

function barDisplay(total: number): Display {
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {value}/{total} hours | {eta_formatted} left',
    barsize: 40,
    hideCursor: true,
    // Resizing by escape codes is not worth a garbled log.
    noTTYOutput: false,
  });
  bar.start(total, 0);
  return {
    update: ({ hours }) => {
      bar.update(hours.done);
    },
    end: () => {
      bar.stop();
    },
  };
}

function lineDisplay(): Display {
  let printed = -1;
  return {
    update: ({ hours }) => {
      const percent = Math.floor((100 * hours.done) / Math.max(1, hours.total));
      const step = percent - (percent % LINE_EVERY_PERCENT);
      if (step > printed) {
        printed = step;
        console.log(`${percent}% ${hours.done}/${hours.total} hours`);
      }
    },
    end: () => undefined,
  };
}
