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
