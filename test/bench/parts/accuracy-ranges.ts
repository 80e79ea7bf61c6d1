import { Random } from '../support/random.js';
import { DAY_MS } from '../../../src/ops/common/utc.js';
import type { LevelFilter } from '../../../src/ops/read/read-query.schemas.js';
import type { Scene } from '../support/scene.js';

const MINUTE_MS = 60_000;
const SHORTEST_MINUTES = 10;

export interface AccuracyRange {
  readonly from: Date;
  readonly to: Date;
  readonly level: LevelFilter;
}

interface Levels {
  readonly platforms: readonly string[];
  readonly groupIds: readonly string[];
}

/** Log-uniform from `shortest` to `longest`: as many short ranges as long ones. */
function length(random: Random, shortest: number, longest: number): number {
  return Math.round(shortest * (longest / shortest) ** random.uniform());
}

function levelOf(random: Random, { platforms, groupIds }: Levels): LevelFilter {
  const kind = random.below(3);
  const platform = platforms[random.below(platforms.length)];
  const groupId = groupIds[random.below(groupIds.length)];
  if (kind === 1 && platform !== undefined) {
    return { platform };
  }
  return kind === 2 && groupId !== undefined ? { groupId } : {};
}

/** Random ranges inside the scene, at random levels: of whole UTC days, or of whole minutes from ten on. */
export async function accuracyRanges(
  { client, from, days }: Scene,
  unit: 'day' | 'minute',
  count: number,
  random: Random,
): Promise<AccuracyRange[]> {
  const { rows } = await client.query<{ id: string; platform: string }>(
    'SELECT id, platform FROM groups ORDER BY id',
  );
  const levels = {
    platforms: [...new Set(rows.map(({ platform }) => platform))],
    groupIds: rows.map(({ id }) => id),
  };
  const [unitMs, shortest] = unit === 'day' ? [DAY_MS, 1] : [MINUTE_MS, SHORTEST_MINUTES];
  const units = (days * DAY_MS) / unitMs;
  return Array.from({ length: count }, () => {
    const span = length(random, shortest, units);
    const start = from.getTime() + random.below(units - span + 1) * unitMs;
    return { from: new Date(start), to: new Date(start + span * unitMs), level: levelOf(random, levels) };
  });
}
