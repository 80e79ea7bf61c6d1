import { OPS_TABLES as T } from '../../../src/ops/definitions/ops-tables.js';
import { rawTables } from '../../../src/ops/definitions/raw-tables.js';
import { noteNewRows } from '../../../src/ops/invalidation/sql/note.sql.js';
import { planSegments } from '../../../src/ops/read/read-plan.js';
import { readPieces, type ReadOptions } from '../../../src/ops/read/sql/read-pieces.sql.js';
import { DAY_MS, HOUR_MS } from '../../../src/ops/common/utc.js';
import type { SqlStatement } from '../../../src/ops/sql/sql-statement.js';
import { retained, type Given } from './given.js';
import { RAW_TABLE_STATEMENTS } from './raw-table-statements.js';
import { STATEMENTS } from './statements.js';

const EVERY = { ...STATEMENTS, ...RAW_TABLE_STATEMENTS };
/** It needs columns that the raw tables may lack. */
const OF_MORE_COLUMNS = 'requestsPage with every filter';

const FOR_EVER = 24 * 365 * 100;
const NOTHING_YET = { iso: '-infinity', n: FOR_EVER };

/** Where the values of {@link momentOf} would leave a statement nothing to do. */
const SPECIAL: Readonly<Record<string, Partial<Given>>> = {
  // Whatever is stored is within its retention, but for distributions: all the older ones have been dropped.
  nextDayOfHours: NOTHING_YET,
  nextDayOfDailies: NOTHING_YET,
  nextDayOfDistributions: { iso: '-infinity', n: 24 * 90 },
  dropMinutes: { iso: '-infinity' },
  nextAuditStep: { n: 168 },
};

/** The UTC day that ended last but one, which has rows of every kind. */
function momentOf(midnight: number): Given {
  return {
    text: 'openai',
    iso: new Date(midnight - 2 * DAY_MS).toISOString(),
    isos: [],
    n: 24,
    hours: null,
    flag: false,
  };
}

/** What a dashboard asks for, of the ranges that it offers. */
function reads(midnight: number): [name: string, SqlStatement][] {
  const ranges: readonly (readonly [name: string, hours: number, back: number])[] = [
    ['1 h', 1, 0.5 * HOUR_MS],
    ['24 h', 24, 2.5 * HOUR_MS],
    ['30 d', 720, 0],
  ];
  const read = (wanted: Partial<ReadOptions> & Pick<ReadOptions, 'plan'>): SqlStatement =>
    readPieces(T, {
      ...{ level: {}, safeDelaySeconds: 0, freshFrom: 0, rates: false, bucketByBucket: null },
      ...wanted,
    });
  return ranges.flatMap(([name, hours, back]): [string, SqlStatement][] => {
    const to = midnight - back;
    const [before, from, end] = [2, 1, 0].map((periods) => new Date(to - periods * hours * HOUR_MS)) as [
      Date,
      Date,
      Date,
    ];
    const step = Math.max(1, hours / 30) * HOUR_MS;
    const points = Array.from(
      { length: Math.min(30, hours) + 1 },
      (_, index) => new Date(+from + index * step),
    );
    const plan = planSegments([from, end]);
    return [
      [`overview of ${name}`, read({ plan: planSegments([before, from, end]), rates: true, freshFrom: 1 })],
      [`trend of ${name}`, read({ plan: planSegments(points) })],
      [`breakdown by group of ${name}`, read({ plan, level: { by: 'group', limit: 20 } })],
      [`breakdown by platform of ${name}`, read({ plan, level: { by: 'platform', limit: 20 } })],
      [`breakdown by model of ${name}`, read({ plan, level: { by: 'model', limit: 20 } })],
      [
        `series by platform of ${name}`,
        read({ plan: planSegments(points), level: { by: 'platform', limit: 5, withTotal: true } }),
      ],
    ];
  });
}

/** Every statement of the module, as a tick, a job, a scrape or a dashboard binds it after this midnight. */
export function boundStatements(midnight: number): [name: string, statement: SqlStatement][] {
  const moment = momentOf(midnight);
  const special: Readonly<Record<string, SqlStatement>> = {
    ...Object.fromEntries(
      rawTables(T).map((table) => [
        `noteNewRows ${table.key}`,
        noteNewRows(T, table, {
          ...{ aboveId: '0', throughId: '1000', rows: 1_000, countedId: '0' },
          ...{ intervalSeconds: 60, retention: retained(moment) },
        }),
      ]),
    ),
  };
  return [
    ...Object.entries(EVERY)
      .filter(([name]) => name !== OF_MORE_COLUMNS)
      .map(([name, build]): [string, SqlStatement] => [
        name,
        special[name] ?? build({ ...moment, ...SPECIAL[name] }),
      ]),
    ...reads(midnight),
  ];
}
