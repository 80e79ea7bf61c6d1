import type { HourToRecompute } from '../../src/ops/rollup/sql/upsert-hourly.sql.js';

/** Hours (ISO) as a drain orders them that nobody has asked for. */
export const guarded = (hours: readonly string[]): HourToRecompute[] =>
  hours.map((hour) => ({ hour, usage: 'guard', errors: 'guard', asked: false, settled: false }));
