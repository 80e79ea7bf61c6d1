import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { OPS_TABLES as T, type SqlStatement } from '../../src/ops/metrics/ops-tables.js';
import { lastHourSamples } from '../../src/ops/prometheus/sql/last-hour-samples.sql.js';
import { rollupSamples } from '../../src/ops/prometheus/sql/rollup-samples.sql.js';
import { planSegments } from '../../src/ops/read/read-plan.js';
import { readPieces } from '../../src/ops/read/sql/read-pieces.sql.js';
import { rawTables } from '../../src/ops/refresh/raw-tables.js';
import * as daily from '../../src/ops/refresh/sql/daily.sql.js';
import * as definition from '../../src/ops/refresh/sql/definition.sql.js';
import * as detect from '../../src/ops/refresh/sql/detect.sql.js';
import * as drain from '../../src/ops/refresh/sql/drain.sql.js';
import * as droppedHours from '../../src/ops/refresh/sql/dropped-hours.sql.js';
import * as heartbeat from '../../src/ops/refresh/sql/heartbeat.sql.js';
import * as note from '../../src/ops/refresh/sql/note.sql.js';
import * as rangeLimits from '../../src/ops/refresh/sql/range-limits.sql.js';
import * as rebuild from '../../src/ops/refresh/sql/rebuild.sql.js';
import * as retention from '../../src/ops/refresh/sql/retention.sql.js';
import * as status from '../../src/ops/refresh/sql/status.sql.js';
import * as runs from '../../src/ops/runs/sql/runs.sql.js';
import * as verify from '../../src/ops/verify/sql/verify.sql.js';
import * as latest from '../../src/ops/rollup/sql/latest-bucket.sql.js';
import * as upsertDaily from '../../src/ops/rollup/sql/upsert-daily.sql.js';
import * as upsertHourly from '../../src/ops/rollup/sql/upsert-hourly.sql.js';

/** What a statement might be given; the second set has other values, absent where they may be. */
interface Given {
  readonly text: string;
  readonly iso: string;
  readonly isos: string[];
  readonly n: number;
  readonly hours: number | null;
  readonly flag: boolean;
}

const GIVEN: readonly [Given, Given] = [
  {
    text: `x'; DROP TABLE y --`,
    iso: '2031-01-02T03:00:00.000Z',
    isos: [],
    n: 77_001,
    hours: 77_002,
    flag: true,
  },
  {
    text: 'z',
    iso: '2032-02-03T04:00:00.000Z',
    isos: ['2033-01-01T00:00:00.000Z'],
    n: 5,
    hours: null,
    flag: false,
  },
];

const raw = rawTables(T);
const range = (g: Given) => ({ start: new Date(g.iso), end: new Date(Date.parse(g.iso) + 7_200_000) });

const BUILDERS: Record<string, (g: Given) => SqlStatement> = {
  upsertHourlyRange: (g) => upsertHourly.upsertHourlyRange(T, range(g)),
  upsertHours: (g) => upsertHourly.upsertHours(T, [g.iso], g.isos),
  upsertDailyRange: (g) => upsertDaily.upsertDailyRange(T, range(g)),
  latestHourlyBucket: () => latest.latestHourlyBucket(T),
  latestDailyBucket: () => latest.latestDailyBucket(T),
  staleDays: (g) => daily.staleDays(T, g.n, g.hours),
  restoreHours: (g) => droppedHours.restoreHours(T, [g.iso]),
  countDroppedHours: (g) => droppedHours.countDroppedHours(T, g.iso),
  widenToDroppedDays: (g) => droppedHours.widenToDroppedDays(T, g.iso, g.iso),
  hoursWithoutDistribution: (g) => droppedHours.hoursWithoutDistribution(T, g.iso, g.hours),
  nextDayOfHours: (g) => retention.nextDayOfHours(T, g.n, g.iso),
  nextDayOfDistributions: (g) => retention.nextDayOfDistributions(T, g.n, g.iso),
  nextDayOfDailies: (g) => retention.nextDayOfDailies(T, g.n, g.iso),
  daySettled: (g) => retention.daySettled(T, g.iso, g.hours),
  dropHours: (g) => retention.dropHours(T, g.iso),
  dropDistributions: (g) => retention.dropDistributions(T, g.iso),
  dropDailies: (g) => retention.dropDailies(T, g.iso),
  noteOldDefinitions: (g) => definition.noteOldDefinitions(T, g.hours),
  newestDueDay: (g) => drain.newestDueDay(T, g.n, g.isos),
  lockDay: (g) => drain.lockDay(g.iso),
  claimHours: (g) =>
    drain.claimHours(T, {
      safeDelaySeconds: g.n,
      day: g.iso,
      retentionHours: g.hours,
      onlyHour: g.isos[0] ?? null,
    }),
  releaseHours: (g) => drain.releaseHours(T, [g.iso], g.isos),
  recordFailure: (g) => drain.recordFailure(T, g.iso, g.text, { baseSeconds: g.n, maxSeconds: g.n }),
  countPending: (g) => drain.countPending(T, g.n),
  recordRun: (g) =>
    heartbeat.recordRun(T, {
      jobName: g.text,
      durationMs: g.n,
      error: g.flag ? g.text : null,
      result: g.flag ? null : { rows: g.n },
    }),
  rangeLimits: (g) => rangeLimits.rangeLimits(T, g.n, g.hours, g.hours),
  requestRebuild: (g) =>
    rebuild.requestRebuild(T, {
      start: g.iso,
      end: g.iso,
      force: g.flag,
      reason: g.flag ? g.text : null,
      requestedBy: g.text,
    }),
  finishRebuilds: () => rebuild.finishRebuilds(T),
  cancelRebuild: (g) => rebuild.cancelRebuild(T, String(g.n)),
  readRebuilds: (g) => rebuild.readRebuilds(T, g.flag ? String(g.n) : null, g.n),
  readStatus: (g) => status.readStatus(T, g.n, g.hours),
  readDetectStates: () => status.readDetectStates(T),
  readHeartbeats: () => status.readHeartbeats(T),
  readTroubledBuckets: (g) => status.readTroubledBuckets(T, g.n),
  hourlyDifferences: (g) =>
    verify.hourlyDifferences(T, {
      start: g.iso,
      end: g.iso,
      limit: g.n,
      retentionHours: { usage: g.hours, errors: g.hours },
      distributions: g.flag,
      distributionHours: g.hours,
    }),
  dailyDifferences: (g) =>
    verify.dailyDifferences(T, { start: g.iso, end: g.iso, limit: g.n, distributions: g.flag }),
  noteBuckets: (g) => verify.noteBuckets(T, g.flag ? 'day' : 'hour', [g.iso, ...g.isos]),
  startRun: (g) =>
    runs.startRun(T, {
      kind: 'verify',
      request: { fix: g.flag },
      result: { text: g.text },
      requestedBy: g.text,
      aliveSeconds: g.n,
    }),
  reportRun: (g) => runs.reportRun(T, String(g.n), g.n, g.flag ? { text: g.text } : null),
  endRun: (g) => runs.endRun(T, String(g.n), 'failed', g.flag ? { text: g.text } : null, g.text),
  cancelRun: (g) => runs.cancelRun(T, 'verify', String(g.n)),
  readRuns: (g) => runs.readRuns(T, 'refresh', g.flag ? String(g.n) : null, g.n, [g.text]),
  readPositions: (g) => detect.readPositions(T, g.n),
  readPieces: (g) =>
    readPieces(T, {
      plan: planSegments([new Date(g.iso), new Date(Date.parse(g.iso) + 10_000_000)]),
      safeDelaySeconds: g.n,
      freshFrom: g.n,
      level: { platform: g.text },
      peaks: true,
      hourByHour: false,
    }),
  'readPieces by group': (g) =>
    readPieces(T, {
      plan: planSegments([new Date(g.iso), new Date(Date.parse(g.iso) + 10_000_000)]),
      safeDelaySeconds: g.n,
      freshFrom: g.n,
      level: { by: 'group', limit: g.n },
      peaks: false,
      hourByHour: false,
    }),
  lastHourSamples: (g) => lastHourSamples(T, g.n, g.n),
  rollupSamples: (g) => rollupSamples(T, g.n, [g.text]),
  stillWriting: (g) => detect.stillWriting([g.text]),
};
for (const table of raw) {
  Object.assign(BUILDERS, {
    [`writersOf ${table.key}`]: () => detect.writersOf(table),
    [`sequenceCache ${table.key}`]: () => detect.sequenceCache(table),
    [`lockState ${table.key}`]: (g: Given) => detect.lockState(T, table, g.iso),
    [`startState ${table.key}`]: (g: Given) =>
      detect.startState(T, table, { closedThrough: g.iso, candidate: g.flag ? String(g.n) : null }),
    [`noteBackfill ${table.key}`]: (g: Given) =>
      note.noteBackfill(T, table, { backfillHours: g.n, retentionHours: g.hours }),
    [`noteNewRows ${table.key}`]: (g: Given) =>
      note.noteNewRows(T, table, { aboveId: String(g.n), safeId: String(g.n), retentionHours: g.hours }),
    [`noteOverlap ${table.key}`]: (g: Given) =>
      note.noteOverlap(T, table, {
        closedThrough: g.iso,
        overlapHours: g.n,
        retentionHours: g.hours,
        backfillHours: g.n,
        withLastClosed: g.flag,
      }),
    [`advanceState ${table.key}`]: (g: Given) =>
      detect.advanceState(T, table, {
        closedThrough: g.iso,
        candidate: g.flag ? String(g.n) : null,
        lateRows: String(g.n),
        belowFloorRows: String(g.n),
      }),
  });
}

/** Exported by the SQL folders, but a fragment or a number and no statement. */
const NO_STATEMENT = [
  'recomputeFloor',
  'recomputeFloorOrNull',
  'daysInHours',
  'shortestRetentionHours',
  'breakdownBy',
  'bucketRelations',
  'freshnessRelation',
  'latencyColumns',
  'levelOf',
  'rawPieces',
  'rawRelations',
  'storedCounts',
  'storedPeaks',
  'storedPieces',
  'topKeys',
];

describe('statement builders', () => {
  it.each(Object.entries(BUILDERS))('%s binds every value and interpolates none', (_name, build) => {
    const [one, other] = [build(GIVEN[0]), build(GIVEN[1])];
    expect(other.text).toBe(one.text);
    expect(other.values).toHaveLength(one.values.length);
    const placeholders = new Set([...one.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    expect([...placeholders].toSorted((a, b) => a - b)).toEqual(one.values.map((_value, index) => index + 1));
  });

  it.each(Object.entries(BUILDERS))('%s binds no Date, whose text depends on the zone', (_name, build) => {
    const values = GIVEN.flatMap((given) => build(given).values).flat();
    expect(values.filter((value) => value instanceof Date)).toEqual([]);
  });

  it('are all here', async () => {
    const folders = ['rollup', 'refresh', 'read', 'prometheus', 'runs', 'verify'].map(
      (part) => new URL(`../../src/ops/${part}/sql/`, import.meta.url),
    );
    const exported = new Set<string>();
    for (const folder of folders) {
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.sql.ts'))) {
        const module = (await import(new URL(file, folder).pathname)) as Record<string, unknown>;
        Object.keys(module)
          .filter((name) => typeof module[name] === 'function')
          .forEach((name) => exported.add(name));
      }
    }
    const tested = new Set(Object.keys(BUILDERS).map((name) => name.replace(/ .*/, '')));
    expect([...exported].filter((name) => !tested.has(name)).toSorted()).toEqual(NO_STATEMENT.toSorted());
  });
});
