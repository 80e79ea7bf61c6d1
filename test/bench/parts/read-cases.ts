import type { ReadService } from '../../../src/ops/index.js';
import { DAY_MS, HOUR_MS } from '../../../src/ops/common/utc.js';
import { BY_BUCKET, BY_GROUP, BY_PERIOD, rawAnswer } from '../support/raw-answer.js';
import type { Scene } from '../support/scene.js';

const MINUTE_MS = 60_000;
/** More than the sample traffic has. */
const ALL_GROUPS = 100;

/** One question, asked of the module and of the raw rows; both give the successful requests of the range. */
export interface ReadCase {
  readonly name: string;
  readonly ours: (reads: ReadService) => Promise<number>;
  readonly raw: { readonly text: string; readonly values: readonly unknown[] };
  /** Which of the raw answer's rows belong to the range. */
  readonly inRange: (key: unknown) => boolean;
}

interface NamedRange {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/** As many of the four as the scene's days allow. */
function rangesOf({ from, to, days }: Scene): NamedRange[] {
  const end = to.getTime() - 6 * HOUR_MS;
  const back = (name: string, ms: number): NamedRange => ({
    name,
    from: new Date(end - ms),
    to: new Date(end),
  });
  return [
    back('24 h', DAY_MS),
    ...(days > 7 ? [back('7 d', 7 * DAY_MS)] : []),
    { name: `${days} d`, from, to },
    {
      name: `${days} d, ragged`,
      from: new Date(from.getTime() + 17 * MINUTE_MS),
      to: new Date(to.getTime() - 23 * MINUTE_MS),
    },
  ];
}

export function readCases(scene: Scene): ReadCase[] {
  const ranges = rangesOf(scene);
  const sum = (counts: readonly { successCount: number }[]): number =>
    counts.reduce((total, { successCount }) => total + successCount, 0);
  return [
    ...ranges.map(({ name, from, to }): ReadCase => {
      const before = new Date(2 * from.getTime() - to.getTime());
      return {
        name: `overview ${name}`,
        ours: async (reads) => (await reads.overview({ from, to })).successCount,
        raw: {
          text: rawAnswer(BY_PERIOD),
          values: [before.toISOString(), to.toISOString(), from.toISOString()],
        },
        inRange: (key) => key === true,
      };
    }),
    ...ranges.map(({ name, from, to }): ReadCase => {
      const bucket = to.getTime() - from.getTime() > 7 * DAY_MS ? 'day' : 'hour';
      const width = bucket === 'day' ? '24 hours' : '1 hour';
      return {
        name: `trend ${name}, by ${bucket}`,
        ours: async (reads) => sum((await reads.trend({ from, to, bucket })).points),
        raw: { text: rawAnswer(BY_BUCKET), values: [from.toISOString(), to.toISOString(), width] },
        inRange: () => true,
      };
    }),
    ...ranges.map(({ name, from, to }): ReadCase => ({
      name: `breakdown ${name}, by group`,
      ours: async (reads) => sum((await reads.breakdown({ from, to, by: 'group', limit: ALL_GROUPS })).items),
      raw: { text: rawAnswer(BY_GROUP), values: [from.toISOString(), to.toISOString(), 0] },
      inRange: () => true,
    })),
  ];
}
