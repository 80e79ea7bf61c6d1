import { z } from 'zod';
import { addProblem, givenText, oneOrMore, type Check } from '../common/schemas.js';
import { levelQuerySchema, wholeNumber } from '../read/read-query.schemas.js';
import { givenCursor } from './cursor.js';
import { givenFilters, isId, KINDS, NONE, type FilterValues, type RequestKind } from './filters.js';

const id = (what: string) =>
  oneOrMore(
    z
      .string()
      .refine(
        (text) => text === NONE || isId(text),
        `must be the id of ${what}, a whole number of 64 bits, or ${NONE}`,
      ),
  )
    .optional()
    .meta({
      description: `Only those of ${what}; \`${NONE}\`: of none. Given several times: of any of them.`,
      example: ['12'],
    });

const textValue = givenText.max(256);

const text = (description: string, example: string) =>
  textValue.optional().meta({ description: `${description}; \`${NONE}\`: where there is none.`, example });

const status = (whose: string) =>
  z
    .string()
    .regex(/^(?:\d{3}|\dxx|\(none\))$/, `must be a status such as 429, a class such as 5xx, or ${NONE}`)
    .optional()
    .meta({
      description:
        `Only errors of which ${whose}, or one of its class: \`4xx\` without 429, \`5xx\` without 529, which are classes of ` +
        `their own; \`${NONE}\`: where there is none.`,
      example: '429',
    });

/** A filter that only one kind of requests has leaves out the other kind; two that contradict each other are wrong. */
const agrees: Check<FilterValues & { kind?: RequestKind | undefined }> = (payload) => {
  let [kind, because] = [payload.value.kind ?? null, 'kind'];
  for (const { name, only } of givenFilters(payload.value)) {
    if (only !== null && kind !== null && only !== kind) {
      addProblem(payload, name, `is of ${PLURALS[only]} only, and ${because} asks for ${PLURALS[kind]}`);
    } else if (only !== null && kind === null) {
      [kind, because] = [only, name];
    }
  }
};

const PLURALS: Readonly<Record<RequestKind, string>> = { error: 'errors', success: 'successes' };

export const requestsQuerySchema = levelQuerySchema
  .safeExtend({
    kind: z
      .enum(KINDS)
      .optional()
      .meta({ description: 'Only successes (rows of usage_logs), or errors (rows of ops_error_logs).' }),
    model: oneOrMore(textValue)
      .optional()
      .meta({
        description: `Only this model; \`${NONE}\`: where there is none. Given several times: any of them.`,
        example: ['gpt-4o'],
      }),
    accountId: id('an upstream account'),
    apiKeyId: id('an API key'),
    userId: id('a user'),
    status: status('the client was told this status'),
    upstreamStatus: status('the provider answered this status'),
    errorOwner: text('Only errors of this owner', 'provider'),
    errorPhase: text('Only errors of this phase', 'upstream'),
    errorType: text('Only errors of this type', 'rate_limit_error'),
    minDurationMs: wholeNumber(0, 2 ** 31 - 1)
      .optional()
      .meta({ description: 'Only successes that took so many milliseconds or longer.', example: 2000 }),
    requestId: givenText
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'Only this request: its success, or its errors.', example: 'req-7f3a' }),
    limit: wholeNumber(1, 200).prefault(50).meta({ description: 'How many at most.' }),
    after: givenCursor.optional().meta({
      description: 'The `next` of the page before, with the same range and filters; without it, the newest.',
      example: 'MjAyNi0wMS0zMFQyMzo1OTo1OC4xMjM0NTZaIGVycm9yIDQ4MjEx',
    }),
  })
  .check(agrees);

/** Times are Dates, or ISO 8601 with a zone. */
export type RequestsQuery = z.input<typeof requestsQuerySchema>;

/** The kinds of requests that a query asks for. */
export function kindsOf(query: FilterValues & { kind?: RequestKind | undefined }): readonly RequestKind[] {
  const only = query.kind ?? givenFilters(query).find((filter) => filter.only !== null)?.only;
  return only == null ? KINDS : [only];
}
