import { z } from 'zod';
import { OpsInputError } from './ops.error.js';

/** One thing that is wrong with a value: the field's path, and what was expected of it ("must be …"). */
export interface Problem {
  readonly field: string;
  readonly expected: string;
}

/** Says in one form what was expected; a schema's own messages stand as they are. */
const expectation: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${ARTICLES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin in COUNTED
        ? `must have at least ${String(issue.minimum)} ${COUNTED[issue.origin] ?? ''}`
        : `must be at least ${String(issue.minimum)}`;
    case 'too_big':
      return issue.origin in COUNTED
        ? `must have at most ${String(issue.maximum)} ${COUNTED[issue.origin] ?? ''}`
        : `must be at most ${String(issue.maximum)}`;
    default:
      return 'is not valid';
  }
};

const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'values' };

const ARTICLES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  date: 'a time',
};

export type Checked<T> =
  | { readonly value: T; readonly problems?: never }
  | { readonly value?: never; readonly problems: readonly Problem[] };

/**
 * Validates a value against its schema.
 *
 * @param whole what the value is called where no field of it is wrong but itself
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole = 'body',
): Checked<z.output<Schema>> {
  const result = schema.safeParse(value, { error: expectation });
  if (result.success) {
    return { value: result.data };
  }
  const problems = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), expected: 'is not known' }))
      : [{ field: fieldOf(issue.path, whole), expected: issue.message }],
  );
  return { problems };
}

/** A query is flat: of several values of a parameter it is the parameter that is wrong. */
const fieldOf = (path: readonly PropertyKey[], whole: string): string =>
  (whole === 'query' ? path.slice(0, 1) : path).join('.') || whole;

/**
 * Like {@link check}, for what a caller asks.
 *
 * @throws OpsInputError naming the first wrong field
 */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole?: string,
): z.output<Schema> {
  const { value: good, problems } = check(schema, value, whole);
  const [problem] = problems ?? [];
  if (problem !== undefined) {
    throw new OpsInputError(problem.field, problem.expected);
  }
  return good as z.output<Schema>;
}
