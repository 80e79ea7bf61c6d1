import type { OneOrMore } from '../common/schemas.js';
import { NO_KEY } from '../definitions/dimensions.js';

/** Kinds of requests, in the order in which requests of the same instant are listed. */
export const KINDS = ['error', 'success'] as const;

export type RequestKind = (typeof KINDS)[number];

/** In a filter: rows that have no value; the words are those of a breakdown's key. */
export const NONE = NO_KEY;

const GREATEST_ID = 2n ** 63n - 1n;

/** Whether it is a whole number of 64 bits. */
export const isId = (text: string): boolean =>
  /^(?:0|-?[1-9]\d{0,18})$/.test(text) && BigInt(text.replace('-', '')) <= GREATEST_ID;

interface Filter {
  readonly column: string;
  readonly type: 'text' | 'bigint' | 'int';
  /** The only kind of requests that has the column; null where both have it. */
  readonly only: RequestKind | null;
}

/** Filters by what one raw column holds, beside those of the level (platform and group). */
export const FILTERS = {
  requestId: { column: 'request_id', type: 'text', only: null },
  model: { column: 'model', type: 'text', only: null },
  accountId: { column: 'account_id', type: 'bigint', only: null },
  apiKeyId: { column: 'api_key_id', type: 'bigint', only: null },
  userId: { column: 'user_id', type: 'bigint', only: null },
  status: { column: 'status_code', type: 'int', only: 'error' },
  upstreamStatus: { column: 'upstream_status_code', type: 'int', only: 'error' },
  errorOwner: { column: 'error_owner', type: 'text', only: 'error' },
  errorPhase: { column: 'error_phase', type: 'text', only: 'error' },
  errorType: { column: 'error_type', type: 'text', only: 'error' },
  minDurationMs: { column: 'duration_ms', type: 'int', only: 'success' },
} as const satisfies Readonly<Record<string, Filter>>;

export type FilterName = keyof typeof FILTERS;

/** What was asked for, validated. */
export type FilterValues = Readonly<Partial<Record<FilterName, OneOrMore | number | undefined>>>;

type GivenFilter = Filter & { readonly name: FilterName; readonly value: OneOrMore };

/** The filters that were given, in the order in which they are declared. */
export function givenFilters(values: FilterValues): GivenFilter[] {
  return (Object.keys(FILTERS) as FilterName[]).flatMap((name) => {
    const value = values[name];
    return value === undefined
      ? []
      : [{ ...FILTERS[name], name, value: typeof value === 'number' ? String(value) : value }];
  });
}

/** `4xx`: a class of status codes. A limit (429) and an overload (529) are classes of their own, and in no other. */
export const isStatusClass = (value: string): boolean => value.endsWith('xx');

/** Whether it asks for one value, and so for one place in an index; else for several, or for a range of values. */
export const asksForOne = ({ name, type, value }: GivenFilter): boolean =>
  name !== 'minDurationMs' && typeof value === 'string' && !(type === 'int' && isStatusClass(value));
