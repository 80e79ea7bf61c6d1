import type { ValidationError } from 'class-validator';

/** A property that failed its check, and class-validator's sentence about it (which starts with the property). */
export interface ValidationProblem {
  readonly field: string;
  readonly message: string;
}

/** Flattens class-validator's errors; nested properties are named by their whole path. */
export function problemsOf(errors: readonly ValidationError[], path = ''): ValidationProblem[] {
  return errors.flatMap((error) => {
    const field = `${path}${error.property}`;
    const own = Object.values(error.constraints ?? {}).map((message) => ({
      field,
      message: message.startsWith(error.property)
        ? `${path}${message}`
        : message.replace(`property ${error.property} `, `property ${field} `), // an unknown one
    }));
    return [...own, ...problemsOf(error.children ?? [], `${field}.`)];
  });
}
