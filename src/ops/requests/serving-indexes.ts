import { HOUR_MS } from '../common/utc.js';
import type { OpsTables } from '../definitions/ops-tables.js';
import { rawTables, type RawTableKey } from '../definitions/raw-tables.js';
import type { LevelFilter } from '../read/read-query.schemas.js';
import { asksForOne, givenFilters, type FilterValues, type RequestKind } from './filters.js';
import { OpsRequestsUnservedError } from './requests.errors.js';
import type { RawShape } from './sql/raw-shapes.sql.js';

/** Longest range in which a request id is looked for along created_at, in milliseconds. */
const LONGEST_WALK_MS = HOUR_MS;

const TABLE_OF: Readonly<Record<RequestKind, RawTableKey>> = {
  error: 'ops_error_logs',
  success: 'usage_logs',
};

const nameOf = (tables: OpsTables, kind: RequestKind): string =>
  rawTables(tables).find(({ key }) => key === TABLE_OF[kind])?.name ?? TABLE_OF[kind];

interface Asked {
  readonly from: Date;
  readonly to: Date;
  readonly level: Pick<LevelFilter, 'platform' | 'groupId'>;
  readonly filters: FilterValues;
  readonly kinds: readonly RequestKind[];
}

/** The columns of the raw tables by kind; a table that does not exist is left to the statement, which will say so. */
export const columnsOf = (shapes: readonly RawShape[]): Readonly<Record<RequestKind, readonly string[]>> => {
  const of = (kind: RequestKind): readonly string[] =>
    shapes.find(({ key }) => key === TABLE_OF[kind])?.columns ?? [];
  return { error: of('error'), success: of('success') };
};

/**
 * Refuses what could only be answered by reading whole tables, or not at all.
 *
 * @throws OpsRequestsUnservedError
 */
export function demandIndexes(tables: OpsTables, shapes: readonly RawShape[], asked: Asked): void {
  const isLong = asked.to.getTime() - asked.from.getTime() > LONGEST_WALK_MS;
  for (const kind of asked.kinds) {
    const shape = shapes.find(({ key }) => key === TABLE_OF[kind]);
    if (shape === undefined) {
      continue;
    }
    const table = nameOf(tables, kind);
    for (const { name, column } of givenFilters(asked.filters)) {
      if (!shape.columns.includes(column)) {
        throw new OpsRequestsUnservedError(name, `${table} has no column ${column}`);
      }
    }
    if (!shape.hasTimeIndex) {
      throw new OpsRequestsUnservedError(
        null,
        `${table} has no index that its rows could be listed by; one would serve: ${table} (created_at)`,
      );
    }
    if (asked.filters.requestId !== undefined && isLong && !shape.hasRequestIdIndex) {
      throw new OpsRequestsUnservedError(
        'requestId',
        `${table} has no index of request ids; one would serve: ${table} (request_id). ` +
          'Without it, ask for a range of at most an hour',
      );
    }
  }
}

/**
 * The index of each table that leads to exactly the rows that are asked for: what is the same in all of them, then
 * their order, then what they are a range of, or one of several. None for a platform alone, which is no column of a usage row.
 */
export function servingIndexes(tables: OpsTables, { level, filters, kinds }: Asked): string[] {
  const given = givenFilters(filters);
  const [same, ranges] = [given.filter(asksForOne), given.filter((filter) => !asksForOne(filter))];
  const group = level.groupId === undefined ? [] : ['group_id'];
  const isOneGroup = typeof level.groupId === 'string';
  if (given.length + group.length === 0) {
    return [];
  }
  const columns = [
    ...(isOneGroup ? group : []),
    ...same.map(({ column }) => column),
    'created_at',
    ...(isOneGroup ? [] : group),
    ...ranges.map(({ column }) => column),
  ];
  return kinds.map((kind) => `${nameOf(tables, kind)} (${columns.join(', ')})`);
}

/** Whether every row of the range that counts is asked for. */
export const isUnfiltered = ({ level, filters }: Asked): boolean =>
  level.platform === undefined && level.groupId === undefined && givenFilters(filters).length === 0;
