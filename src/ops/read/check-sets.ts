import { OpsInputError } from '../common/ops.error.js';
import { ERROR_DIMENSION, type Dimension } from '../definitions/dimensions.js';
import type { OpsTables } from '../definitions/ops-tables.js';
import type { BreakdownBy, LevelFilter } from './read-query.schemas.js';

/** What levels there are beside the sets. */
export const LEVELS: readonly string[] = ['platform', 'group'];

/**
 * Which sets there are is only known from the options and the raw tables.
 *
 * @throws OpsInputError naming the field: a set that is not kept, or not within platforms and groups
 */
export function checkSets(
  { dimensions }: OpsTables,
  { by, dimension, platform, groupId }: LevelFilter & { readonly by?: BreakdownBy },
): void {
  if (by !== undefined && dimension !== undefined && (dimension !== by || LEVELS.includes(by))) {
    throw new OpsInputError('dimension', `must not be given with by=${by}`);
  }
  if (by === undefined ? dimension === undefined : LEVELS.includes(by)) {
    return;
  }
  const [field, name] = by === undefined ? (['dimension', dimension] as const) : (['by', by] as const);
  const set = kept(dimensions, field).find((one) => one.name === name);
  if (set === undefined) {
    const names = kept(dimensions, field).map((one) => one.name);
    throw new OpsInputError(
      field,
      `must be one of ${[...(field === 'by' ? LEVELS : []), ...names].join(', ')}`,
    );
  }
  const within = platform !== undefined ? 'platform' : groupId !== undefined ? 'groupId' : null;
  if (within !== null && !set.withinGroups) {
    throw new OpsInputError(
      within,
      `must not be given with ${set.name}, which is not kept within groups (option dimensions: withinGroups)`,
    );
  }
}

/** Kinds of errors are broken down by, and no level. */
const kept = (dimensions: readonly Dimension[], field: 'by' | 'dimension'): readonly Dimension[] =>
  field === 'by' ? dimensions : dimensions.filter(({ name }) => name !== ERROR_DIMENSION.name);
