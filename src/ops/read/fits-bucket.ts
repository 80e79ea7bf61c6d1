import { ValidateBy } from 'class-validator';
import { LONGEST_TREND_MS } from './trend-buckets.js';
import { DAY_MS } from '../common/utc.js';

export const TREND_BUCKETS = ['auto', '5m', 'hour', 'day'] as const;

/** A trend's bucket: one of the known ones, and not too fine for the range beside it. */
export function FitsRange(): PropertyDecorator {
  return ValidateBy({
    name: 'fitsRange',
    validator: {
      validate: (value: unknown, args) => problemOf(value, args?.object) === null,
      defaultMessage: (args) => `$property ${problemOf(args?.value, args?.object) ?? ''}`,
    },
  });
}

function problemOf(bucket: unknown, range: { from?: unknown; to?: unknown } | undefined): string | null {
  if (!TREND_BUCKETS.some((known) => known === bucket)) {
    return `must be one of ${TREND_BUCKETS.join(', ')}`;
  }
  const { from, to } = range ?? {};
  if (!(from instanceof Date) || !(to instanceof Date) || (bucket !== '5m' && bucket !== 'hour')) {
    return null;
  }
  const longest = LONGEST_TREND_MS[bucket];
  return to.getTime() - from.getTime() > longest
    ? `must be coarser than ${bucket} for a range of more than ${longest / DAY_MS} days`
    : null;
}
