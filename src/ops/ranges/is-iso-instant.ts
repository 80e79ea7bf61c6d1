import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import { ISO_INSTANT_EXPECTED, parseIsoInstant } from '../common/iso-instant.js';

/** A property that arrives as an ISO 8601 time with a zone and becomes a Date. */
export function IsIsoInstant(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => parseIsoInstant(value) ?? value),
    ValidateBy({
      name: 'isIsoInstant',
      validator: {
        validate: (value: unknown) => value instanceof Date,
        defaultMessage: () => `$property ${ISO_INSTANT_EXPECTED}`,
      },
    }),
  );
}
