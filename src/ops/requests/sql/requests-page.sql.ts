import {
  ERROR_PLATFORM,
  TOKEN_COLUMNS,
  USAGE_GROUP_JOIN,
  USAGE_PLATFORM,
} from '../../definitions/definitions.js';
import type { OpsTables } from '../../definitions/ops-tables.js';
import type { LevelFilter } from '../../read/read-query.schemas.js';
import { Bindings } from '../../read/sql/bindings.js';
import { levelOf } from '../../read/sql/level.sql.js';
import type { SqlStatement } from '../../sql/sql-statement.js';
import type { Cursor } from '../cursor.js';
import { givenFilters, isStatusClass, NONE, type FilterValues, type RequestKind } from '../filters.js';
import { MESSAGE_LOOKED_AT } from '../shown-message.js';

/** What is asked for. */
export interface RequestsPage {
  /** ISO 8601, of [from, to). */
  readonly from: string;
  readonly to: string;
  readonly level: Pick<LevelFilter, 'platform' | 'groupId'>;
  readonly filters: FilterValues;
  readonly kinds: readonly RequestKind[];
  readonly after: Cursor | null;
  /** At most so many rows. */
  readonly rows: number;
  /** The columns that the raw tables have. */
  readonly columns: Readonly<Record<RequestKind, readonly string[]>>;
}

/** A column of the page: its type, and where each kind of rows has it from; null: nowhere. */
type Column = readonly [name: string, type: string, ofSuccess: Source | null, ofError: Source | null];

/** An expression over a raw column, and that column: where the table does not have it, the value is NULL. */
interface Source {
  readonly column: string;
  readonly sql: (alias: string) => string;
}

const raw = (column: string, sql = (value: string) => value): Source => ({
  column,
  sql: (alias) => sql(`${alias}.${column}`),
});
const ofBoth = (name: string, type: string, column: string): Column => [name, type, raw(column), raw(column)];
const camel = (column: string): string =>
  column.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());

const COLUMNS: readonly Column[] = [
  ofBoth('requestId', 'text', 'request_id'),
  ofBoth('model', 'text', 'model'),
  ...['user_id', 'api_key_id', 'account_id'].map((column) => ofBoth(camel(column), 'text', column)),
  ...TOKEN_COLUMNS.map((column): Column => [
    camel(column),
    'float8',
    raw(column, (value) => `COALESCE(${value}, 0)`),
    null,
  ]),
  ...['total_cost', 'actual_cost'].map((column): Column => [camel(column), 'text', raw(column), null]),
  ['stream', 'boolean', raw('stream'), null],
  ...['duration_ms', 'first_token_ms'].map((column): Column => [camel(column), 'float8', raw(column), null]),
  ...['status_code', 'upstream_status_code'].map((column): Column => [
    camel(column),
    'float8',
    null,
    raw(column),
  ]),
  ...['error_owner', 'error_phase', 'error_type', 'severity'].map((column): Column => [
    camel(column),
    'text',
    null,
    raw(column),
  ]),
  ['isBusinessLimited', 'boolean', null, raw('is_business_limited', (value) => `${value} IS TRUE`)],
  ['message', 'text', null, raw('error_message', (value) => `left(${value}, ${MESSAGE_LOOKED_AT + 1})`)],
];

/**
 * The newest rows of the range, after the cursor, of both raw tables in one order: newest first, of one instant errors
 * first, then by id, greatest first. Each table is read backwards along its index on created_at and no further than the
 * page goes; WITH TIES, so that no sort by id stands in the way of that. What the rollup does not count is left out.
 */
export function requestsPage(tables: OpsTables, page: RequestsPage): SqlStatement {
  const bindings = new Bindings();
  const [from, to] = [bindings.add(page.from, 'timestamptz'), bindings.add(page.to, 'timestamptz')];
  const rows = bindings.add(page.rows, 'int');
  const level = levelOf(tables, page.level, bindings);
  const isAfter = afterCursor(page.after, bindings);
  const filters = givenFilters(page.filters).map((filter) => filterSql(filter, bindings));

  const matching = (kind: RequestKind, alias: string): string =>
    [
      `${alias}.created_at >= ${from}`,
      `${alias}.created_at < ${to}`,
      ...isAfter(kind, alias),
      ...filters.map((filter) => filter(alias)),
    ].join(' AND ');
  const newest = (alias: string): string =>
    `ORDER BY ${alias}.created_at DESC FETCH FIRST (${rows}) ROWS WITH TIES`;
  const values = (kind: RequestKind, alias: string): string =>
    COLUMNS.map(([name, type, ...sources]) => {
      const source = sources[kind === 'success' ? 0 : 1];
      const has = source !== null && page.columns[kind].includes(source.column);
      return `(${has ? source.sql(alias) : 'NULL'})::${type} AS "${name}"`;
    }).join(',\n      ');

  const sql: Readonly<Record<RequestKind, string>> = {
    success: `(SELECT 'success' AS kind, u.id, u.created_at, ${USAGE_PLATFORM}::text AS platform, g.id AS group_id,
      ${values('success', 'u')}
    FROM (
      SELECT ${usageColumns(page.columns.success)} FROM ${tables.usageLogs} u
      WHERE ${matching('success', 'u')} AND ${tables.usageCondition}
    ) u
    JOIN ${tables.groups} g ON ${USAGE_GROUP_JOIN}
    WHERE ${level.usage}
    ${newest('u')})`,
    error: `(SELECT 'error' AS kind, e.id, e.created_at, ${ERROR_PLATFORM}::text AS platform, NULLIF(e.group_id, 0) AS group_id,
      ${values('error', 'e')}
    FROM ${tables.errorLogs} e
    WHERE ${matching('error', 'e')} AND ${level.error} AND ${tables.errorCondition}
    ${newest('e')})`,
  };
  return {
    text: `SELECT kind, id::text AS id,
  to_char(page.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAt",
  platform, group_id::text AS "groupId",
  (SELECT g.name::text FROM ${tables.groups} g WHERE g.id = page.group_id) AS "groupName", ${COLUMNS.map(([name]) => `"${name}"`).join(', ')}
FROM (
  ${page.kinds.map((kind) => sql[kind]).join('\n  UNION ALL\n  ')}
) page
ORDER BY page.created_at DESC, page.kind COLLATE "C", page.id DESC
LIMIT ${rows}`,
    values: bindings.values,
  };
}

/** The columns that are needed of a usage row: its condition is written as if there were no other table. */
const usageColumns = (has: readonly string[]): string =>
  [
    'id',
    'created_at',
    'group_id',
    ...COLUMNS.flatMap(([, , source]) =>
      source !== null && has.includes(source.column) ? [source.column] : [],
    ),
  ].join(', ');

/**
 * For the transaction of a page without filters, which is never to read more than it shows: of a table that has not been
 * analyzed yet the planner may believe that the range has few rows, and sort them all.
 */
export const walkAlongTime = (): SqlStatement => ({
  text: `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true)`,
  values: [],
});

/** The rows of a kind that come after the cursor, as conditions that the index on created_at serves. */
function afterCursor(
  after: Cursor | null,
  bindings: Bindings,
): (kind: RequestKind, alias: string) => readonly string[] {
  if (after === null) {
    return () => [];
  }
  const [at, id] = [bindings.add(after.createdAt, 'timestamptz'), bindings.add(after.id, 'bigint')];
  return (kind, alias) => {
    if (kind === after.kind) {
      return [`(${alias}.created_at, ${alias}.id) < (${at}, ${id})`];
    }
    return [`${alias}.created_at ${kind > after.kind ? '<=' : '<'} ${at}`];
  };
}

function filterSql(
  { name, column, type, value }: ReturnType<typeof givenFilters>[number],
  bindings: Bindings,
): (alias: string) => string {
  if (name === 'minDurationMs') {
    const least = bindings.add(value, type);
    return (alias) => `${alias}.${column} >= ${least}`;
  }
  if (typeof value !== 'string') {
    const isOne = bindings.isOneOf(
      value.filter((one) => one !== NONE),
      type,
    );
    const orNone = (of: string): string => (value.includes(NONE) ? `${of} IS NULL OR ` : '');
    return (alias) => `(${orNone(`${alias}.${column}`)}${isOne(`${alias}.${column}`)})`;
  }
  if (value === NONE && name !== 'requestId') {
    return (alias) => `${alias}.${column} IS NULL`;
  }
  if (type === 'int' && isStatusClass(value)) {
    const first = bindings.add(Number(value.charAt(0)) * 100, 'int');
    return (alias) =>
      `${alias}.${column} BETWEEN ${first} AND ${first} + 99 AND ${alias}.${column} NOT IN (429, 529)`;
  }
  const exact = bindings.add(value, type);
  return (alias) => `${alias}.${column} = ${exact}`;
}
