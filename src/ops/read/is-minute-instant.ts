import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { ISO_INSTANT_EXPECTED, parseIsoInstant } from '../common/iso-instant.js';

/** Where ranges begin at the earliest: so that the period before the longest one still has a year of four digits. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(9999, 0, 1);

/**
 * A query parameter that arrives as an ISO 8601 time with a zone, on a whole minute, and becomes a Date. A `+` that
 * was not percent-encoded arrives as a space, and is taken for what it was.
 */
export function IsMinuteInstant(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => {
      const text = typeof value === 'string' ? value.replace(/ (?=\d\d:\d\d$)/, '+') : value;
      return parseIsoInstant(text) ?? value;
    }),
    ValidateBy({
      name: 'isMinuteInstant',
      validator: {
        validate: (value: unknown) => problemOf(value) === null,
        defaultMessage: (args) => `$property ${problemOf(args?.value) ?? ''}`,
      },
    }),
  );
}

function problemOf(value: unknown): string | null {
  if (!(value instanceof Date)) {
    return ISO_INSTANT_EXPECTED;
  }
  if (value.getTime() % 60_000 !== 0) {
    return 'must be on a whole minute';
  }
  return value.getTime() < EARLIEST || value.getTime() > LATEST
    ? 'must be between 2000-01-01T00:00:00Z and 9999-01-01T00:00:00Z'
    : null;
}
