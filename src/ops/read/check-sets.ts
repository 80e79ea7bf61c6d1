import { OpsInputError } from '../common/ops.error.js';
import { ERROR_DIMENSION, type Dimension } from '../definitions/dimensions.js';
import type { OpsTables } from '../definitions/ops-tables.js';
import type { BreakdownBy, LevelFilter } from './read-query.schemas.js';

/** What levels there are beside the sets, and the filters that go with a breakdown by them. */
const LEVELS: Readonly<Record<string, readonly ('platform' | 'groupId')[]>> = {
  platform: [],
  group: ['platform'],
};

/**
 * Which sets there are is only known from the options and the raw tables.
 *
 * @throws OpsInputError naming the field: a set that is not kept, or not within platforms and groups
 */
export function checkSets(
  { dimensions }: OpsTables,
  { by, dimension, platform, groupId }: LevelFilter & { readonly by?: BreakdownBy },
): void {
  const given = (
    [
      ['platform', platform],
      ['groupId', groupId],
    ] as const
  ).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const allowed = by === undefined ? undefined : LEVELS[by];
  if (allowed !== undefined) {
    const [wrong] = given.filter((field) => !allowed.includes(field));
    if (wrong !== undefined) {
      throw new OpsInputError(wrong, `must not be given with by=${String(by)}`);
    }
    return;
  }
  if (by === undefined && dimension === undefined) {
    return;
  }
  const [field, name] = by === undefined ? (['dimension', dimension] as const) : (['by', by] as const);
  const set = kept(dimensions, field).find((one) => one.name === name);
  if (set === undefined) {
    const names = kept(dimensions, field).map((one) => one.name);
    throw new OpsInputError(
      field,
      `must be one of ${[...(field === 'by' ? Object.keys(LEVELS) : []), ...names].join(', ')}`,
    );
  }
  if (given[0] !== undefined && !set.withinGroups) {
    throw new OpsInputError(
      given[0],
      `must not be given with ${set.name}, which is not kept within groups (option dimensions: withinGroups)`,
    );
  }
}

/** Kinds of errors are broken down by, and no level. */
const kept = (dimensions: readonly Dimension[], field: 'by' | 'dimension'): readonly Dimension[] =>
  field === 'by' ? dimensions : dimensions.filter(({ name }) => name !== ERROR_DIMENSION.name);
