import 'reflect-metadata';
import { readOptions, type BenchOptions, type PartName } from './options.js';
import { accuracy } from './parts/accuracy.js';
import { age } from './parts/age.js';
import { audit } from './parts/audit.js';
import { dimensions } from './parts/dimensions.js';
import { groups } from './parts/groups.js';
import { growth } from './parts/growth.js';
import { history } from './parts/history.js';
import { ingest } from './parts/ingest.js';
import { page } from './parts/page.js';
import { present } from './parts/present.js';
import { reads } from './parts/reads.js';
import { rebuild } from './parts/rebuild.js';
import { soak } from './parts/soak.js';
import { storage } from './parts/storage.js';
import { tick } from './parts/tick.js';
import type { Bench, Part } from './support/bench.js';
import { describeRun } from './support/machine.js';
import { printSection, progress } from './support/report.js';
import { createScene, type Scene } from './support/scene.js';
import { openServer, type BenchServer } from './support/server.js';

const SINGLE: Record<Exclude<PartName, 'rebuild'>, Part> = {
  tick,
  reads,
  accuracy,
  storage,
  ingest,
  audit,
  growth,
  groups,
  present,
  history,
  dimensions,
  page,
  age,
  soak,
};

function partsOf({ only, shapes }: BenchOptions): Part[] {
  return only.flatMap((name) =>
    name === 'rebuild'
      ? shapes.map(
          (shape): Part =>
            (bench) =>
              rebuild(bench, shape),
        )
      : [SINGLE[name]],
  );
}

async function run(server: BenchServer, options: BenchOptions): Promise<void> {
  process.stdout.write(await describeRun(server, options));
  let scene: Promise<Scene> | undefined;
  const bench: Bench = {
    server,
    options,
    sparse: () => (scene ??= createScene(server, options)),
  };
  for (const part of partsOf(options)) {
    printSection(await part(bench));
  }
  await (await scene)?.drop();
}

const options = readOptions(process.argv.slice(2));
const server = await openServer(progress);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The embedded server does not belong to our process group: it would outlive an interrupted run.
  process.once(signal, () => {
    interruption.abort();
    void server.stop().finally(() => process.exit(130));
  });
}
try {
  await run(server, options);
} catch (error) {
  // What was interrupted lost its database on the way.
  if (!interruption.signal.aborted) {
    throw error;
  }
} finally {
  await server.stop();
}
