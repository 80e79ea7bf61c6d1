import { ValidationPipe } from '@nestjs/common';
import { OpsInputError } from '../refresh/ops-input.error.js';
import { problemsOf } from '../validation-problems.js';

/** Validates a request against its DTO; the first wrong field is named, and an unknown one is wrong. */
export function opsValidationPipe(): ValidationPipe {
  return new ValidationPipe({
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
