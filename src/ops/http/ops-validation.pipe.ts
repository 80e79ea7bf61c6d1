import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { OpsInputError } from '../common/ops.error.js';
import { problemsOf } from '../options/validation-problems.js';

/** What PostgreSQL's text cannot hold: NUL, and half of a surrogate pair, which has no UTF-8. */
const NOT_STORABLE = /[\0\p{Cs}]/u;

export const STORABLE_EXPECTED = 'must not contain NUL or half of a surrogate pair';

/** @throws OpsInputError naming the first property whose text cannot be stored */
function requireStorable(value: unknown, { type, data }: ArgumentMetadata): void {
  if (type === 'custom') {
    return; // the module's own
  }
  const given = typeof value === 'object' && value !== null ? Object.entries(value) : [[data ?? type, value]];
  for (const [field, one] of given as [string, unknown][]) {
    if (typeof one === 'string' && NOT_STORABLE.test(one)) {
      throw new OpsInputError(field, STORABLE_EXPECTED);
    }
  }
}

class OpsValidationPipe extends ValidationPipe {
  public override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    requireStorable(value, metadata);
    return super.transform(value, metadata);
  }
}

/**
 * Validates a request against its DTO, after its texts; the first wrong field is named, and an unknown one is wrong.
 */
export function opsValidationPipe(): ValidationPipe {
  return new OpsValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    exceptionFactory: (errors) => {
      const [problem] = problemsOf(errors);
      const field = problem?.field ?? 'body';
      return new OpsInputError(field, (problem?.message ?? 'is not valid').replace(`${field} `, ''));
    },
  });
}
