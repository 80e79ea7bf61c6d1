import { Random } from '../support/random.js';
import { HOUR_MS } from '../../../src/ops/common/utc.js';
import { insertRowsAt } from '../support/late-rows.js';
import { median, timed } from '../support/numbers.js';
import { rollUp, type Ops } from '../support/ops.js';
import { interleave, type Variant } from '../support/rounds.js';
import type { Scene } from '../support/scene.js';
import { connect } from '../support/server.js';
import { TEXTBOOK } from '../support/textbook.js';
import { fillLastHours } from '../support/today.js';

export const LATE_ROWS = 100;
const IDLE_TICKS = 50;
/** A tick takes milliseconds, so that it can be repeated more often than a rebuild. */
const ROUNDS_FACTOR = 5;
const TEXTBOOK_HOURS = 3;

/** Medians, in milliseconds. */
export interface TickTimes {
  readonly idle: number;
  readonly textbook: number;
  /** The last closed hour, of the day that goes on. */
  readonly newestHour: number;
  /** An hour of a day that is over; the day rests. */
  readonly olderHour: number;
  readonly lateRows: number;
  /** The merge of that day, with a tick that is asked for. */
  readonly day: number;
}

/** Rolls everything up first, and fills the last three hours. */
export async function timeTicks(
  scene: Scene,
  ops: Ops,
  { rounds, seed }: { rounds: number; seed: number },
): Promise<TickTimes> {
  const closed = await fillLastHours(scene);
  await rollUp(scene, ops);
  const span = scene.to.getTime() - scene.from.getTime();
  const random = new Random(seed);
  const client = await connect(scene.url);
  try {
    const start = new Date(closed.getTime() - TEXTBOOK_HOURS * HOUR_MS);
    const variants: Variant[] = [
      {
        name: 'textbook tick',
        run: () => client.query(TEXTBOOK, [start.toISOString(), closed.toISOString()]),
      },
      tickAfter(scene, ops, 'newest closed hour', 1, () => [new Date(closed.getTime() - HOUR_MS / 2)]),
      tickAfter(scene, ops, 'older hour', 1, () => [new Date(scene.to.getTime() - 9.5 * HOUR_MS)]),
      {
        name: 'its day',
        run: async () => {
          await ops.refresh.tick({ asked: true });
        },
      },
      tickAfter(scene, ops, `${LATE_ROWS} late rows`, 2, () =>
        Array.from({ length: LATE_ROWS }, () => new Date(scene.from.getTime() + random.below(span))),
      ),
    ];
    const [textbook = NaN, newestHour = NaN, olderHour = NaN, day = NaN, lateRows = NaN] = await interleave(
      variants,
      rounds * ROUNDS_FACTOR,
    );
    return { idle: await idleTick(ops), textbook, newestHour, olderHour, lateRows, day };
  } finally {
    await client.end();
  }
}

/** A tick that finds rows at these instants. One that recomputed less would be fast for the wrong reason. */
function tickAfter(
  scene: Scene,
  ops: Ops,
  name: string,
  leastHours: number,
  instants: () => readonly Date[],
): Variant {
  let drainedHours = 0;
  return {
    name,
    prepare: async () => {
      await ops.refresh.tick({ asked: true });
      // An hour that was recomputed within the last minute rests.
      await scene.client.query(
        `UPDATE ops_metrics_hourly SET computed_at = computed_at - interval '1 hour', written_at = written_at - interval '1 hour'
          WHERE platform IS NULL AND group_id IS NULL AND computed_at > clock_timestamp() - interval '10 minutes'`,
      );
      await insertRowsAt(scene, instants());
    },
    run: async () => {
      ({ drainedHours } = await ops.refresh.tick());
    },
    check: () =>
      drainedHours >= leastHours
        ? Promise.resolve()
        : Promise.reject(new Error(`The tick drained ${drainedHours} hours, expected ${leastHours} or more`)),
  };
}

async function idleTick(ops: Ops): Promise<number> {
  const times: number[] = [];
  for (let tick = 0; tick < IDLE_TICKS; tick += 1) {
    times.push(await timed(() => ops.refresh.tick()));
  }
  return median(times);
}
