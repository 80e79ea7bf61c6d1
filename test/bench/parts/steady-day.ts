import { HOUR_MS } from '../../../src/ops/common/utc.js';
import { databaseClock } from '../support/database-clock.js';
import { insertRowsAt } from '../support/late-rows.js';
import type { Ops } from '../support/ops.js';
import type { Scene } from '../support/scene.js';

const HOURS = 24;
const TICKS_WITHIN_AN_HOUR = 5;

/**
 * Hours that the module recomputes while 24 hours of steady traffic close, at a tick every ten minutes. Waiting for a
 * day is not needed: the hour that has just closed takes the place of each of them.
 */
export async function steadyDayHours(scene: Scene, ops: Ops): Promise<number> {
  let recomputed = 0;
  const tick = async (): Promise<void> => {
    // Ten minutes after the one before, no hour rests.
    const { drainedHours } = await ops.refresh.tick({ asked: true });
    recomputed += drainedHours;
  };
  for (let hour = 0; hour < HOURS; hour += 1) {
    const now = await databaseClock(scene);
    for (let between = 0; between < TICKS_WITHIN_AN_HOUR; between += 1) {
      await insertRowsAt(scene, [now]);
      await tick();
    }
    const lastClosed = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS - HOUR_MS / 2;
    await insertRowsAt(scene, [new Date(lastClosed)]);
    await tick();
  }
  return recomputed;
}
