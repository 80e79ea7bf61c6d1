import type { OneOrMore } from '../../src/ops/common/schemas.js';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import type { OpsRequest, RequestsQuery, RequestsService } from '../../src/ops/index.js';

/** A raw row of either kind; ids and times as text. */
export interface RawRequest {
  readonly kind: 'success' | 'error';
  readonly [column: string]: unknown;
}

const TABLES = { success: 'usage_logs', error: 'ops_error_logs' } as const;

/** Values that break what is put together carelessly. */
export const HOSTILE = [
  `x'; DROP TABLE groups --`,
  '"',
  '\\',
  '%',
  '日本語🦊',
  ' ',
  '',
  '$1',
  '(none)x',
  'null',
];

const NONE = '(none)';
const model = fc.constantFrom('gpt-4o', ...HOSTILE.slice(0, 4), null);
const id = fc.constantFrom('1', '2', '9223372036854775807', null);
const status = fc.constantFrom(429, 499, 500, 529, 200, null);
const name = fc.constantFrom('provider', 'client', HOSTILE[0] ?? '', null);
const instant = fc.constantFrom(
  '2026-03-01T00:00:00Z',
  '2026-03-01T00:00:00.000001Z',
  '2026-03-01T00:29:59.999999Z',
  '2026-03-01T00:30:00Z',
  '2026-03-01T00:30:00.123456Z',
  '2026-03-01T00:30:00.123457Z',
  '2026-03-01T01:00:00Z',
);
const both = { model, account_id: id, api_key_id: id, user_id: id, created_at: instant };
const request_id = fc.constantFrom('r1', 'r2', HOSTILE[0] ?? '', null);

export const success: fc.Arbitrary<RawRequest> = fc.record({
  kind: fc.constant('success' as const),
  ...both,
  request_id,
  group_id: fc.constantFrom(0, 1, 2, 3, 99, null),
  duration_ms: fc.constantFrom(null, 1, 1000, 5000),
});

export const failure: fc.Arbitrary<RawRequest> = fc.record({
  kind: fc.constant('error' as const),
  ...both,
  request_id,
  group_id: fc.constantFrom(0, 1, 2, 3, 99, null),
  platform: fc.constantFrom('openai', 'anthropic', '', null),
  status_code: status,
  upstream_status_code: status,
  error_owner: name,
  error_phase: fc.constantFrom('upstream', 'auth'),
  error_type: fc.constantFrom('api_error', 'rate_limit_error'),
  is_count_tokens: fc.constantFrom(true, false, null),
});

const statusAsked = fc.constantFrom('429', '500', '4xx', '5xx', NONE);
/** Mostly not: few rows pass several filters. */
const asked = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const orNone = <T>(value: fc.Arbitrary<T | null>): fc.Arbitrary<T | typeof NONE> =>
  value.map((one) => one ?? NONE);

/** One value, or several, some of them twice. */
const several = (value: fc.Arbitrary<string>): fc.Arbitrary<OneOrMore | undefined> =>
  asked(fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 3 })));

const ofBoth = {
  platform: several(fc.constantFrom('openai', 'anthropic', 'unknown')),
  groupId: several(fc.constantFrom('1', '2', '99')),
  model: several(orNone(model)),
  accountId: several(orNone(id)),
  apiKeyId: several(orNone(id)),
  userId: several(orNone(id)),
  requestId: asked(fc.constantFrom('r1', HOSTILE[0] ?? '', NONE)),
};

/** Filters that do not contradict each other. */
export const filters: fc.Arbitrary<Partial<RequestsQuery>> = fc.oneof(
  fc.record(ofBoth),
  fc.record({
    ...ofBoth,
    kind: asked(fc.constant('success' as const)),
    minDurationMs: asked(fc.constantFrom(0, 1000)),
  }),
  fc.record({
    ...ofBoth,
    kind: asked(fc.constant('error' as const)),
    status: asked(statusAsked),
    upstreamStatus: asked(statusAsked),
    errorOwner: asked(orNone(name)),
    errorPhase: asked(fc.constantFrom('upstream', NONE)),
    errorType: asked(fc.constantFrom('api_error', 'nothing')),
  }),
);

/** Each filter alone, with a value of every sort. */
export const EACH_FILTER: readonly Partial<RequestsQuery>[] = [
  ...(['success', 'error'] as const).map((kind) => ({ kind })),
  ...['openai', 'anthropic', 'unknown'].map((platform) => ({ platform })),
  ...['1', '3', '99'].map((groupId) => ({ groupId })),
  ...['gpt-4o', ...HOSTILE.slice(0, 4), NONE].map((text) => ({ model: text })),
  ...['1', '9223372036854775807', NONE].flatMap((one) => [
    { accountId: one },
    { apiKeyId: one },
    { userId: one },
  ]),
  ...['429', '500', '2xx', '4xx', '5xx', NONE].flatMap((one) => [{ status: one }, { upstreamStatus: one }]),
  ...['provider', HOSTILE[0] ?? '', NONE].map((errorOwner) => ({ errorOwner })),
  ...['upstream', NONE].map((errorPhase) => ({ errorPhase })),
  ...['api_error', 'nothing'].map((errorType) => ({ errorType })),
  { platform: ['openai', 'unknown'] },
  { groupId: ['1', '2', '1'] },
  { model: ['gpt-4o', NONE] },
  { accountId: ['1', '9223372036854775807'], apiKeyId: ['1', NONE], userId: [NONE, '1'] },
  ...[0, 1000, 5001].map((minDurationMs) => ({ minDurationMs })),
  ...['r1', HOSTILE[0] ?? '', NONE].map((requestId) => ({ requestId })),
];

/** Writes rows of both kinds. */
export async function insertRows(dataSource: DataSource, rows: readonly RawRequest[]): Promise<void> {
  for (const [kind, table] of Object.entries(TABLES)) {
    const own = rows.filter((row) => row.kind === kind);
    const [first] = own;
    if (first !== undefined) {
      const names = Object.keys(first)
        .filter((column) => column !== 'kind')
        .join(', ');
      await dataSource.query(
        `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`,
        [JSON.stringify(own)],
      );
    }
  }
}

/** What the database holds, with ids and instants as text. */
async function readRows(dataSource: DataSource): Promise<RawRequest[]> {
  const rows: RawRequest[] = [];
  for (const [kind, table] of Object.entries(TABLES)) {
    const found = await dataSource.query<{ row: Record<string, unknown> }[]>(
      `SELECT to_jsonb(r) || jsonb_build_object('id', r.id::text, 'account_id', r.account_id::text,
         'api_key_id', r.api_key_id::text, 'user_id', r.user_id::text, 'group_id', r.group_id::text,
         'created_at', to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS row FROM ${table} r`,
    );
    rows.push(...found.map(({ row }) => ({ ...row, kind: kind as RawRequest['kind'] })));
  }
  return rows;
}

/** What a list of [from, to) must be, as `kind id`: by a second computation, over all rows. */
export async function expectedList(dataSource: DataSource, query: RequestsQuery): Promise<string[]> {
  const groups = await dataSource.query<{ id: string; platform: string }[]>(
    'SELECT id, platform FROM groups',
  );
  const platformOf = new Map(groups.map((group) => [group.id, group.platform]));
  const counted = (await readRows(dataSource)).flatMap((row): RawRequest[] => {
    const group = row.group_id === '0' ? null : row.group_id;
    const platform = row.kind === 'error' ? (row.platform ?? 'unknown') : platformOf.get(String(group));
    return platform === undefined || row.is_count_tokens === true ? [] : [{ ...row, platform }];
  });
  return counted
    .filter((row) => isIn(row, query))
    .sort(
      (a, b) =>
        compare(String(b.created_at), String(a.created_at)) ||
        compare(a.kind, b.kind) ||
        compare(BigInt(String(b.id)), BigInt(String(a.id))),
    )
    .map((row) => `${row.kind} ${String(row.id)}`);
}

const compare = <T extends string | bigint>(a: T, b: T): number => (a < b ? -1 : Number(a > b));

function isIn(row: RawRequest, query: RequestsQuery): boolean {
  const at = String(row.created_at);
  const micros = (time: Date | string): string => new Date(time).toISOString().replace('Z', '000Z');
  const is = (column: string, wanted: OneOrMore | undefined): boolean =>
    wanted === undefined || [wanted].flat().some((one) => row[column] === (one === NONE ? null : one));
  const hasStatus = (column: string, wanted: string | undefined): boolean => {
    const value = row[column] as number | null;
    if (wanted === undefined) return true;
    if (wanted === NONE) return value === null;
    if (!wanted.endsWith('xx')) return value === Number(wanted);
    return value !== 429 && value !== 529 && Math.floor((value ?? 0) / 100) === Number(wanted[0]);
  };
  const errorsOnly = [
    query.status,
    query.upstreamStatus,
    query.errorOwner,
    query.errorPhase,
    query.errorType,
  ];
  return (
    at >= micros(query.from) &&
    at < micros(query.to) &&
    (query.kind === undefined || row.kind === query.kind) &&
    (row.kind === 'error' || errorsOnly.every((one) => one === undefined)) &&
    (query.minDurationMs === undefined ||
      (row.kind === 'success' &&
        row.duration_ms !== null &&
        Number(row.duration_ms) >= Number(query.minDurationMs))) &&
    // A group, and a platform that is asked for, leave out the rows of the empty platform.
    is('group_id', query.groupId) &&
    (query.groupId === undefined || row.platform !== '') &&
    is('platform', query.platform) &&
    is('model', query.model) &&
    is('account_id', query.accountId) &&
    is('api_key_id', query.apiKeyId) &&
    is('user_id', query.userId) &&
    (query.requestId === undefined || row.request_id === query.requestId) &&
    (row.kind === 'success' ||
      (hasStatus('status_code', query.status) &&
        hasStatus('upstream_status_code', query.upstreamStatus) &&
        is('error_owner', query.errorOwner) &&
        is('error_phase', query.errorPhase) &&
        is('error_type', query.errorType)))
  );
}

/** Every item of a list, page by page. */
export async function everyItem(
  requests: RequestsService,
  query: RequestsQuery,
  pageSizes: readonly number[],
): Promise<OpsRequest[]> {
  const items: OpsRequest[] = [];
  let after: string | null = null;
  for (let page = 0; page === 0 || after !== null; page += 1) {
    const limit = pageSizes[page % pageSizes.length] ?? 50;
    const answer = await requests.list({ ...query, limit, ...(after !== null && { after }) });
    items.push(...answer.items);
    if (answer.items.length !== limit && answer.next !== null)
      throw new Error('A page that is not full goes on');
    after = answer.next;
  }
  return items;
}
