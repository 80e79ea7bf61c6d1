import { z } from 'zod';
import { bigCount, count, flag, instant, real, words } from '../common/schemas.js';
import { changedGroupSchema } from '../jobs/refresh.schemas.js';
import { objectivesSchema } from '../options/objectives.js';

const latestBucketsSchema = z
  .object({
    hourly: instant('Start of the newest hour with a row.', '2026-01-31T11:00:00.000Z').nullable(),
    daily: words('The newest UTC day with a row.', '2026-01-30').nullable(),
  })
  .meta({ id: 'LatestBucketsResponse' });

const rowCountsSchema = z
  .object({
    hourly: bigCount('Rows of the hourly table: exact up to some ten thousand, estimated above.', '33120'),
    daily: bigCount('Rows of the daily table, likewise.', '1380'),
    minutely: bigCount('Rows of the minutely table, likewise.', '198720'),
  })
  .meta({ id: 'RowCountsResponse' });

const liveSchema = z
  .object({
    minutesFrom: instant(
      'Minutes are complete from here on; null where none are kept, or none has been computed yet.',
      '2026-01-28T12:00:00.000Z',
    ).nullable(),
    liveThrough: instant('Minutes are complete up to here.', '2026-01-31T12:00:00.214Z').nullable(),
    lagSeconds: real('How long ago that was, in seconds.', 2.9).nullable(),
  })
  .meta({ id: 'LiveResponse' });

const invalidationsSchema = z
  .object({
    pending: count('Closed hours that are stale.', 3),
    pendingMinutes: count(
      'Minutes with new rows, or to be computed for the first time: those of the last seconds wait for the next tick.',
      2,
    ),
    pendingDays: count('Closed days that are stale: their hours have changed.', 1),
    waitingToClose: count('Hours with new rows that are not closed yet.', 1),
    failing: count('Buckets whose last attempt failed; each is tried again.', 1),
    suspicious: count('Buckets held back, because a recomputation would have shrunk them.', 1),
    losing: count(
      'Minutes and hours that have lost raw rows, and are watched for lossDelaySeconds before they are recomputed.',
    ),
    oldestPendingSince: instant(
      'Since when the oldest closed one of them has been stale.',
      '2026-01-31T11:58:02.511Z',
    ).nullable(),
  })
  .meta({ id: 'InvalidationsResponse' });

const troubledBucketSchema = z
  .object({
    tier: z.enum(['minute', 'hour', 'day']).meta({ example: 'hour' }),
    bucketStart: instant('Start of the UTC minute, hour or day.', '2026-01-12T07:00:00.000Z'),
    reason: words('Why it is stale.', 'rebuild'),
    attempts: count('How often its recomputation failed.', 2),
    nextAttemptAt: instant('When it is tried again, at the earliest.', '2026-01-31T12:02:00.000Z'),
    lastError: words(
      'SQLSTATE and message.',
      '57014: canceling statement due to statement timeout',
    ).nullable(),
    suspiciousSince: instant('Since when it is held back; null where it is not.', null).nullable(),
    losingSince: instant(
      'Since when it is watched because it loses raw rows; null where it is not.',
      null,
    ).nullable(),
  })
  .meta({ id: 'TroubledBucketResponse' });

/** A bucket that is failing, held back, or watched because it loses rows. */
export type TroubledBucket = z.infer<typeof troubledBucketSchema>;

const rawTableSchema = z
  .object({
    rawTable: words('Its name.', 'usage_logs'),
    safeId: bigCount('Every row up to this id has been accounted for.', '5000000'),
    closedThrough: instant('Hours before it were closed at the last detection.', '2026-01-31T11:00:00.000Z'),
    lateRows: bigCount('Rows first seen after their hour had been closed, ever.', '412'),
    belowFloorRows: bigCount('Rows dated below the raw floor, ever: counted, and not applied.'),
    heldSince: instant(
      'Since when writers in flight hold safeId back; null where nobody does.',
      null,
    ).nullable(),
    heldBy: words(
      'Who did at the last look: session, application, since when.',
      'pid 4711 (importer)',
    ).nullable(),
    updatedAt: instant('When it was last looked at.', '2026-01-31T12:00:00.412Z'),
  })
  .meta({ id: 'RawTableResponse' });

export type RawTableState = z.infer<typeof rawTableSchema>;

const rawFloorsSchema = z
  .object({
    usageLogs: instant('Of usage_logs; null for no limit.', null).nullable(),
    errorLogs: instant('Of ops_error_logs; null for no limit.', '2026-01-01T12:00:03.120Z').nullable(),
  })
  .meta({ id: 'RawFloorsResponse' });

const auditLaneSchema = z
  .object({
    lane: z
      .enum(['recent', 'history'])
      .meta({ example: 'history', description: 'The last day, or all of history.' }),
    position: instant(
      'Hours from here on have been compared in this round; null before the first.',
      '2026-01-12T07:00:00.000Z',
    ).nullable(),
    roundStartedAt: instant('When this round began.', '2026-01-31T11:58:02.511Z').nullable(),
    auditedSince: instant(
      'No hour was compared longer ago than this; null during the first round.',
      '2026-01-31T05:58:02.511Z',
    ).nullable(),
    auditedHours: bigCount('Hours compared, ever.', '720'),
    differingHours: bigCount('Of these, the ones that differed, ever.'),
  })
  .meta({ id: 'AuditLaneResponse' });

export type AuditLaneState = z.infer<typeof auditLaneSchema>;

const jobSchema = z
  .object({
    jobName: words('As its heartbeat is kept.', 'ops_rollup_refresh'),
    lastRunAt: instant('Of any instance, as are all of these.', '2026-01-31T12:00:00.401Z').nullable(),
    lastSuccessAt: instant('When a run last succeeded.', '2026-01-31T12:00:00.401Z').nullable(),
    lastErrorAt: instant('When a run last failed; null if none ever did.', null).nullable(),
    lastError: words('Why it failed; kept after later successes.', null).nullable(),
    lastDurationMs: bigCount('Milliseconds of the last run.', '412').nullable(),
    lastResult: words(
      'What the last run that succeeded did: JSON, as text.',
      '{"days":1,"keptDays":0,"ms":38}',
    ).nullable(),
  })
  .meta({ id: 'JobResponse' });

export type JobState = z.infer<typeof jobSchema>;

const keptSetSchema = z
  .object({
    name: words('For `by` and `dimension`.', 'model'),
    withinGroups: flag('Whether `platform` and `groupId` go with it.'),
  })
  .meta({ id: 'KeptSetResponse' });

export const statusSchema = z
  .object({
    now: instant("The database's clock.", '2026-01-31T12:00:03.120Z'),
    closedThrough: instant('Hours before it are closed.', '2026-01-31T11:00:00.000Z'),
    rawFloor: instant('Start of what can be recomputed without force; null for everything.', null).nullable(),
    rawFloors: rawFloorsSchema.meta({
      description: 'Below these an hour keeps what is stored of that table.',
    }),
    definitionVersion: count(
      'Version of the definitions of the metrics; rows of an older one are recomputed.',
      3,
    ),
    dimensions: z.array(keptSetSchema).meta({ description: 'The sets by which requests are sliced.' }),
    objectives: objectivesSchema.meta({
      id: 'ObjectivesResponse',
      description: 'By which the dashboard judges a range: the option of this instance.',
    }),
    latestBuckets: latestBucketsSchema,
    rows: rowCountsSchema,
    live: liveSchema,
    invalidations: invalidationsSchema,
    failingBuckets: z.array(troubledBucketSchema).meta({
      description:
        'Newest first, minutes last; at most 100 together with the suspicious and the losing ones.',
    }),
    suspiciousBuckets: z.array(troubledBucketSchema),
    losingBuckets: z.array(troubledBucketSchema),
    audit: z.array(auditLaneSchema),
    changedGroups: z.array(changedGroupSchema).meta({ description: 'Of the last 30 days, newest first.' }),
    rawTables: z.array(rawTableSchema),
    jobs: z.array(jobSchema),
  })
  .meta({ id: 'OpsStatusResponse' });

/** Where the rollup stands; times are ISO 8601 in UTC by the database's clock, counts of rows decimal strings. */
export type OpsStatus = z.infer<typeof statusSchema>;
