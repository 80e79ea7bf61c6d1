import { z } from 'zod';
import { ISO_INSTANT_EXPECTED, parseIsoInstant } from './iso-instant.js';

/** A whole number from 0, exact in every JSON parser. */
export const count = (description: string, example = 0): z.ZodInt =>
  z.int().nonnegative().meta({ format: 'int64', description, example });

/** A whole number of 64 bits as decimal text: it may be past what a JSON number holds exactly. */
export const bigCount = (description: string, example = '0'): z.ZodString =>
  z.string().meta({ format: 'int64', description, example });

/** Any number. */
export const real = (description: string, example: number): z.ZodNumber =>
  z.number().meta({ format: 'double', description, example });

/** Text. */
export const words = (description: string, example: string | null): z.ZodString =>
  z.string().meta({ description, example });

/** A time in an answer: ISO 8601 in UTC. */
export const instant = (description: string, example: string | null): z.ZodString =>
  z.string().meta({ format: 'date-time', description, example });

/** True or false. */
export const flag = (description: string, example = false): z.ZodBoolean =>
  z.boolean().meta({ description, example });

/** What PostgreSQL's text cannot hold: NUL, and half of a surrogate pair, which has no UTF-8. */
const NOT_STORABLE = /[\0\p{Cs}]/u;

export const STORABLE_EXPECTED = 'must not contain NUL or half of a surrogate pair';

/** Text that a caller gives. */
export const givenText = z.string().refine((text) => !NOT_STORABLE.test(text), STORABLE_EXPECTED);

/** One value of a parameter, or several of one that is given several times. */
export type OneOrMore<Value extends string = string> = Value | readonly Value[];

/** Most values of a parameter. */
const MOST_VALUES = 100;

/** How Express's extended parser gives more values than twenty: by their places. */
const BY_PLACE = /^\d+(?:,\d+)+$/;

/** As the hosts give a parameter: a text, or the list of its texts; each once. */
function valuesOf(given: unknown): unknown {
  if (Array.isArray(given)) {
    return [...new Set(given)];
  }
  const isByPlace =
    typeof given === 'object' && given !== null && BY_PLACE.test(Object.keys(given).join(','));
  return isByPlace ? [...new Set(Object.values(given))] : [given];
}

type List<Value extends string> = z.ZodArray<z.ZodType<Value, string>>;

/** A list of what may be given several times, at most 100 of it; each value once. */
export const listOf = <Value extends string>(
  one: z.ZodType<Value, string>,
): z.ZodPreprocess<List<Value>, OneOrMore<Value>> =>
  z.preprocess((given: OneOrMore<Value>) => valuesOf(given), z.array(one).min(1).max(MOST_VALUES));

/** The same, but that one value stays by itself. */
export const oneOrMore = <Value extends string>(
  one: z.ZodType<Value, string>,
): z.ZodPipe<z.ZodPreprocess<List<Value>, OneOrMore<Value>>, z.ZodTransform<OneOrMore<Value>, Value[]>> =>
  listOf(one).transform((values: Value[]): OneOrMore<Value> => {
    const [first, ...others] = values;
    return first === undefined || others.length > 0 ? values : first;
  });

/** What was asked for by such a parameter: null, the one value, or the list of several. */
export const givenValues = (
  schema: z.ZodString,
  example: string,
): z.ZodXor<readonly [z.ZodNullable<z.ZodString>, z.ZodReadonly<z.ZodArray<z.ZodString>>]> =>
  z
    .xor([schema.nullable(), z.array(schema).readonly()])
    .meta({ description: 'As asked for: null, the one value, or the list of several.', example });

/** The id of a rebuild or a run, as its request was answered. */
export const givenId = givenText.meta({ description: 'As the request was answered.', example: '42' });

/** A time that a caller gives: a Date, or ISO 8601 with a zone. It becomes a Date. */
export const givenInstant = (
  description: string,
  example: string,
  parse: (text: string) => Date | null = parseIsoInstant,
): z.ZodPreprocess<z.ZodDate, Date | string> =>
  z
    .preprocess(
      (given: Date | string) => (typeof given === 'string' ? (parse(given) ?? given) : given),
      z.date({ error: ISO_INSTANT_EXPECTED }),
    )
    .meta({ type: 'string', format: 'date-time', description, example });

/** A check of several fields: adds a problem of one of them. */
export type Check<T> = z.core.CheckFn<T>;

export function addProblem<T>(
  payload: z.core.ParsePayload<T>,
  field: keyof T & string,
  message: string,
): void {
  payload.issues.push({ code: 'custom', input: payload.value, path: [field], message });
}

/** Of a range [from, to). */
export const endsAfterStart: Check<{ from: Date; to: Date }> = (payload) => {
  if (payload.value.to <= payload.value.from) {
    addProblem(payload, 'to', 'must be after from');
  }
};
