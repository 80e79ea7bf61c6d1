import { ValidateBy } from 'class-validator';
import { DAY_MS } from '../common/utc.js';

/** Longest range of one answer, in days. */
export const LONGEST_RANGE_DAYS = 366;

/** The end of a range whose start is the property `from`: after it, and not too far. Leaves other faults to others. */
export function IsRangeEnd(): PropertyDecorator {
  return ValidateBy({
    name: 'isRangeEnd',
    validator: {
      validate: (value: unknown, args) => problemOf(value, args?.object) === null,
      defaultMessage: (args) => `$property ${problemOf(args?.value, args?.object) ?? ''}`,
    },
  });
}

function problemOf(to: unknown, range: { from?: unknown } | undefined): string | null {
  const from = range?.from;
  if (!(to instanceof Date) || !(from instanceof Date)) {
    return null;
  }
  const length = to.getTime() - from.getTime();
  if (length <= 0) {
    return 'must be after from';
  }
  return length > LONGEST_RANGE_DAYS * DAY_MS
    ? `must be at most ${LONGEST_RANGE_DAYS} days after from`
    : null;
}
