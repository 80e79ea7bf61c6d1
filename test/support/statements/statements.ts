import { OPS_TABLES as T } from '../../../src/ops/definitions/ops-tables.js';
import type { RawTier } from '../../../src/ops/definitions/tiers.js';
import type { SqlStatement } from '../../../src/ops/sql/sql-statement.js';
import { lastHourSamples } from '../../../src/ops/prometheus/sql/last-hour-samples.sql.js';
import { rollupSamples } from '../../../src/ops/prometheus/sql/rollup-samples.sql.js';
import { planSegments } from '../../../src/ops/read/read-plan.js';
import { readPieces } from '../../../src/ops/read/sql/read-pieces.sql.js';
import * as auditing from '../../../src/ops/audit/sql/compare.sql.js';
import * as auditLanes from '../../../src/ops/audit/sql/lanes.sql.js';
import * as definition from '../../../src/ops/invalidation/sql/definition.sql.js';
import * as detect from '../../../src/ops/detection/sql/detect.sql.js';
import { finishRebuilds } from '../../../src/ops/drain/sql/finish-rebuilds.sql.js';
import * as claims from '../../../src/ops/drain/sql/claim.sql.js';
import { statementSize } from '../../../src/ops/drain/sql/statement-size.sql.js';
import * as releases from '../../../src/ops/drain/sql/release.sql.js';
import * as note from '../../../src/ops/invalidation/sql/note.sql.js';
import * as live from '../../../src/ops/invalidation/sql/live.sql.js';
import * as droppedHours from '../../../src/ops/invalidation/sql/dropped-hours.sql.js';
import * as heartbeat from '../../../src/ops/jobs/sql/heartbeat.sql.js';
import * as knownGroups from '../../../src/ops/jobs/sql/known-groups.sql.js';
import * as rangeLimits from '../../../src/ops/ranges/sql/range-limits.sql.js';
import * as rebuild from '../../../src/ops/rebuild/sql/rebuild.sql.js';
import { requestsPage, walkAlongTime } from '../../../src/ops/requests/sql/requests-page.sql.js';
import { rawShapes } from '../../../src/ops/requests/sql/raw-shapes.sql.js';
import * as retention from '../../../src/ops/retention/sql/retention.sql.js';
import * as status from '../../../src/ops/status/sql/status.sql.js';
import * as runs from '../../../src/ops/runs/sql/runs.sql.js';
import {
  dailyDimensionDifferences,
  dimensionDifferences,
} from '../../../src/ops/verify/sql/dimensions.sql.js';
import * as verify from '../../../src/ops/verify/sql/verify.sql.js';
import * as latest from '../../../src/ops/rollup/sql/latest-bucket.sql.js';
import { purgeEdges } from '../../../src/ops/rollup/sql/purge-edges.sql.js';
import * as upsertDaily from '../../../src/ops/rollup/sql/upsert-daily.sql.js';
import * as upsertBuckets from '../../../src/ops/rollup/sql/upsert-buckets.sql.js';
import { FILTERS, KINDS, NONE } from '../../../src/ops/requests/filters.js';
import { distributed } from '../distributed.js';
import { retained, type Given } from './given.js';

const audit = { ...auditLanes, ...auditing };
const drain = { ...claims, ...releases };
const range = (g: Given) => ({ start: new Date(g.iso), end: new Date(Date.parse(g.iso) + 7_200_000) });
const isoRange = (g: Given) => ({ start: g.iso, end: range(g).end.toISOString() });

/** What every read is told. */
const asked = (g: Given) => ({
  plan: planSegments([new Date(g.iso), new Date(Date.parse(g.iso) + 10_000_000)]),
  safeDelaySeconds: g.n,
  freshFrom: g.n,
});

const WITHIN_GROUPS = {
  ...T,
  dimensions: T.dimensions.map((set) => ({ ...set, withinGroups: true })),
};

type Builder = (g: Given) => SqlStatement;

/** A statement that has a text of its own for each of these. */
const forEach = <Kind extends string>(
  name: string,
  kinds: readonly Kind[],
  builder: (kind: Kind) => Builder,
): Record<string, Builder> => Object.fromEntries(kinds.map((kind) => [`${name} ${kind}`, builder(kind)]));

const forTiers = (name: string, builder: (tier: RawTier) => Builder): Record<string, Builder> =>
  forEach(name, ['minute', 'hour'], builder);

/** Every statement of the module, but for those of each raw table. */
export const STATEMENTS: Record<string, (g: Given) => SqlStatement> = {
  upsertHourlyRange: (g) =>
    upsertBuckets.upsertHourlyRange(T, range(g), { distributions: true, force: g.flag }),
  ...forTiers(
    'upsertBuckets',
    (tier) => (g) =>
      upsertBuckets.upsertBuckets(
        T,
        tier,
        [g.iso, ...g.isos].map((bucket) => ({
          bucket,
          usage: g.flag ? 'take' : 'guard',
          errors: g.flag ? 'keep' : 'redefine',
          asked: g.flag,
          settled: !g.flag,
        })),
      ),
  ),
  'upsertHourlyRange distributed': (g) => upsertBuckets.upsertHourlyRange(distributed(T), range(g)),
  'auditHours distributed': (g) =>
    audit.auditHours(distributed(T), { from: g.iso, to: g.iso, closed: g.iso }, retained(g)),
  'readPieces distributed, by group': (g) =>
    readPieces(distributed(T), {
      ...asked(g),
      level: { by: 'group', limit: g.n },
      rates: false,
      bucketByBucket: null,
    }),
  upsertDailyRange: (g) =>
    upsertDaily.upsertDailyRange(T, range(g), {
      distributions: true,
      guarded: g.flag ? { usage: g.iso, errors: 'infinity' } : undefined,
    }),
  purgeEdges: () => purgeEdges(T),
  latestHourlyBucket: () => latest.latestHourlyBucket(T),
  latestDailyBucket: () => latest.latestDailyBucket(T),
  dueLanes: () => audit.dueLanes(T),
  nextAuditStep: (g) =>
    audit.nextAuditStep(T, 'history', {
      safeDelaySeconds: g.n,
      requests: g.n,
      hours: g.n,
      retention: retained(g),
      backfillHours: g.n,
    }),
  auditHours: (g) =>
    audit.auditHours(T, { from: g.iso, to: isoRange(g).end, closed: isoRange(g).end }, retained(g)),
  advanceAudit: (g) =>
    audit.advanceAudit(T, g.flag ? 'recent' : 'history', {
      position: g.iso,
      startsRound: g.flag,
      audited: g.n,
      differing: g.n,
      pauseSeconds: g.n,
      restSeconds: g.n,
    }),
  startAudit: (g) => audit.startAudit(T, g.flag ? ['recent'] : ['recent', 'history']),
  endRests: () => note.endRests(T),
  startMinutes: (g) => live.startMinutes(T, g.n),
  endMinutes: () => live.endMinutes(T),
  advanceLive: (g) => live.advanceLive(T, g.iso, g.n),
  findUnknownGroups: () => knownGroups.findUnknownGroups(T),
  noteUnknownGroups: (g) =>
    knownGroups.noteUnknownGroups(T, [{ id: String(g.n), platform: g.text, gone: g.flag }]),
  readChangedGroups: (g) => knownGroups.readChangedGroups(T, g.n),
  restoreHours: (g) => droppedHours.restoreHours(T, [g.iso]),
  widenToDroppedDays: (g) => droppedHours.widenToDroppedDays(T, g.iso, isoRange(g).end),
  noteHoursWithoutDistribution: (g) => droppedHours.noteHoursWithoutDistribution(T, g.iso, retained(g)),
  nextDayOfHours: (g) => retention.nextDayOfHours(T, g.n, g.iso),
  nextDayOfDistributions: (g) => retention.nextDayOfDistributions(T, g.n, g.iso),
  nextDayOfDailies: (g) => retention.nextDayOfDailies(T, g.n, g.iso),
  daySettled: (g) => retention.daySettled(T, g.iso, g.hours),
  dropHours: (g) => retention.dropHours(T, g.iso),
  dropDistributions: (g) => retention.dropDistributions(T, g.iso),
  raiseMinutesFrom: (g) => retention.raiseMinutesFrom(T, g.n),
  dropMinutes: (g) => retention.dropMinutes(T, g.iso),
  dropDailies: (g) => retention.dropDailies(T, g.iso),
  noteOldDefinitions: (g) => definition.noteOldDefinitions(T, retained(g)),
  'lockDays shared': (g) => drain.lockDays([g.iso], 'shared'),
  'lockDays exclusive': (g) => drain.lockDays([g.iso], 'exclusive'),
  countDue: (g) => drain.countDue(T, { safeDelaySeconds: g.n, except: g.isos }),
  claimDay: (g) => drain.claimDay(T, { safeDelaySeconds: g.n, except: g.isos, only: g.isos[0] ?? null }),
  ...forEach(
    'claimBuckets',
    ['hours', 'minutes', 'backfilled minutes'] as const,
    (what) => (g) =>
      drain.claimBuckets(T, what, {
        safeDelaySeconds: g.n,
        except: g.isos,
        only: g.isos[0] ?? null,
        limit: g.n,
        lossDelaySeconds: g.n,
        retention: retained(g),
      }),
  ),
  ...forEach(
    'statementSize',
    ['hours', 'minutes', 'backfilled minutes'] as const,
    (what) => (g) => statementSize(T, what, { safeDelaySeconds: g.n, except: g.isos }),
  ),
  ...forTiers(
    'releaseBuckets',
    (tier) => (g) =>
      drain.releaseBuckets(
        T,
        tier,
        [g.iso],
        g.isos.map((bucket) => ({ bucket, suspicious: g.flag, requests: g.n })),
        g.n,
      ),
  ),
  'releaseDay held': (g) => drain.releaseDay(T, g.iso, { held: true }),
  'releaseDay done': (g) => drain.releaseDay(T, g.iso, { held: false }),
  noteDays: (g) =>
    drain.noteDays(T, [
      { day: g.iso, reason: g.flag ? 'restored' : 'hours', forced: g.flag, restSeconds: g.n },
    ]),
  recordFailure: (g) =>
    drain.recordFailure(T, { tier: g.flag ? 'day' : 'hour', start: g.iso }, g.text, {
      baseSeconds: g.n,
      maxSeconds: g.n,
    }),
  countPending: (g) => drain.countPending(T, g.n),
  recordRun: (g) =>
    heartbeat.recordRun(T, {
      jobName: g.text,
      durationMs: g.n,
      error: g.flag ? g.text : null,
      result: g.flag ? null : { rows: g.n },
      afterSeconds: g.n,
    }),
  rangeLimits: (g) => rangeLimits.rangeLimits(T, g.n, retained(g)),
  requestRebuild: (g) =>
    rebuild.requestRebuild(T, {
      ...isoRange(g),
      force: g.flag,
      reason: g.flag ? g.text : null,
      requestedBy: g.text,
    }),
  finishRebuilds: (g) => finishRebuilds(T, g.n),
  cancelRebuild: (g) => rebuild.cancelRebuild(T, String(g.n)),
  readRebuilds: (g) => rebuild.readRebuilds(T, g.flag ? String(g.n) : null, g.n),
  readStatus: (g) => status.readStatus(T, g.n, retained(g)),
  readDetectStates: () => status.readDetectStates(T),
  readAuditStates: () => status.readAuditStates(T),
  readHeartbeats: (g) => status.readHeartbeats(T, g.isos),
  readTroubledBuckets: (g) => status.readTroubledBuckets(T, g.n),
  minuteSpan: (g) => verify.minuteSpan(T, isoRange(g)),
  ...forTiers(
    'rawDifferences',
    (tier) => (g) =>
      verify.rawDifferences(T, tier, {
        ...isoRange(g),
        limit: g.n,
        retention: retained(g),
        distributions: g.flag,
      }),
  ),
  dailyDifferences: (g) => verify.dailyDifferences(T, { ...isoRange(g), limit: g.n, distributions: g.flag }),
  dimensionDifferences: (g) =>
    dimensionDifferences(T, {
      ...isoRange(g),
      limit: g.n,
      retention: retained(g),
      distributions: g.flag,
      unjudged: [{ bucket: g.iso, usage: g.flag ? 'held_back' : null, errors: 'held_back' }],
    }),
  dailyDimensionDifferences: (g) =>
    dailyDimensionDifferences(T, { ...isoRange(g), limit: g.n, distributions: g.flag }),
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
      ...asked(g),
      level: { platform: g.text },
      rates: true,
      bucketByBucket: null,
    }),
  'readPieces by group': (g) =>
    readPieces(T, {
      ...asked(g),
      level: { by: 'group', limit: g.n },
      rates: false,
      bucketByBucket: null,
    }),
  ...forEach(
    'readPieces over time, with the total, by',
    ['platform', 'group', 'model', 'model within groups', 'some models'] as const,
    (by) => (g) =>
      readPieces(WITHIN_GROUPS, {
        ...asked(g),
        level: {
          by: by.replace(/some (model)s| within groups/, '$1'),
          limit: g.n,
          withTotal: true,
          ...(by !== 'model' && { platform: [g.text, 'x'], groupId: [String(g.n), '1'] }),
          ...(by === 'some models' && { key: [g.text, 'x'] }),
        },
        rates: false,
        bucketByBucket: null,
        distributions: by === 'group' ? [] : ['duration'],
      }),
  ),
  rawShapes: () => rawShapes(T),
  walkAlongTime: () => walkAlongTime(),
  ...forEach(
    'requestsPage',
    ['of everything', 'after an error', 'after a success'] as const,
    (what) => (g) =>
      requestsPage(T, {
        from: g.iso,
        to: isoRange(g).end,
        level: { platform: g.text, groupId: String(g.n) },
        filters: {},
        kinds: KINDS,
        after:
          what === 'of everything'
            ? null
            : { createdAt: g.iso, kind: what === 'after an error' ? 'error' : 'success', id: String(g.n) },
        rows: g.n,
        columns: { error: [], success: [] },
      }),
  ),
  'requestsPage with every filter': (g) =>
    requestsPage(T, {
      from: g.iso,
      to: isoRange(g).end,
      level: {},
      filters: Object.fromEntries(Object.keys(FILTERS).map((name) => [name, g.text])),
      kinds: KINDS,
      after: null,
      rows: g.n,
      columns: { error: [], success: [] },
    }),
  'requestsPage of classes of statuses': (g) =>
    requestsPage(T, {
      from: g.iso,
      to: isoRange(g).end,
      level: {},
      filters: { status: g.flag ? '4xx' : '5xx', upstreamStatus: NONE },
      kinds: ['error'],
      after: null,
      rows: g.n,
      columns: { error: [], success: [] },
    }),
  'requestsPage with several values': (g) =>
    requestsPage(T, {
      from: g.iso,
      to: isoRange(g).end,
      level: { platform: [g.text, 'x'], groupId: [String(g.n), '1'] },
      filters: { model: [g.text, NONE], accountId: [String(g.n), '1'] },
      kinds: KINDS,
      after: null,
      rows: g.n,
      columns: { error: [], success: [] },
    }),
  lastHourSamples: (g) => lastHourSamples(T, g.n, g.n),
  rollupSamples: (g) => rollupSamples(T, g.n, [g.text]),
  stillWriting: (g) => detect.stillWriting([g.text]),
};
