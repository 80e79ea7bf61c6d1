import { ApiProperty } from '@nestjs/swagger';
import type { OpsStatus } from './status.service.js';
import { bigCount, count, instant, nullableInstant, nullableText } from '../http/response-properties.js';

type Item<K extends 'failingBuckets' | 'rawTables' | 'jobs' | 'audit' | 'changedGroups'> =
  OpsStatus[K][number];

export class LatestBucketsResponse {
  @nullableInstant('Start of the newest hour with a row.', '2026-01-31T11:00:00.000Z')
  readonly hourly!: string | null;

  @nullableText('The newest UTC day with a row.', '2026-01-30')
  readonly daily!: string | null;
}

export class RowCountsResponse {
  @bigCount('Rows of the hourly table.', '33120')
  readonly hourly!: string;

  @bigCount('Rows of the daily table.', '1380')
  readonly daily!: string;
}

export class InvalidationsResponse {
  @count('Closed hours that are stale.', 3)
  readonly pending!: number;

  @count('Closed days that are stale: their hours have changed.', 1)
  readonly pendingDays!: number;

  @count('Hours with new rows that are not closed yet.', 1)
  readonly waitingToClose!: number;

  @count('Buckets whose last attempt failed; each is tried again.', 1)
  readonly failing!: number;

  @count('Buckets held back, because a recomputation would have shrunk them.', 1)
  readonly suspicious!: number;

  @count('Hours that have lost raw rows, and are watched before they are recomputed.', 0)
  readonly losing!: number;

  @nullableInstant('Since when the oldest closed one of them has been stale.', '2026-01-31T11:58:02.511Z')
  readonly oldestPendingSince!: string | null;
}

export class TroubledBucketResponse implements Item<'failingBuckets'> {
  @ApiProperty({ enum: ['hour', 'day'], example: 'hour' })
  readonly tier!: string;

  @instant('2026-01-12T07:00:00.000Z', 'Start of the UTC hour, or of the UTC day.')
  readonly bucketStart!: string;

  @ApiProperty({ description: 'Why it is stale.', example: 'rebuild' })
  readonly reason!: string;

  @count('How often its recomputation failed.', 2)
  readonly attempts!: number;

  @instant('2026-01-31T12:02:00.000Z', 'When it is tried again, at the earliest.')
  readonly nextAttemptAt!: string;

  @nullableText('SQLSTATE and message.', '57014: canceling statement due to statement timeout')
  readonly lastError!: string | null;

  @nullableInstant('Since when it is held back; null where it is not.', null)
  readonly suspiciousSince!: string | null;

  @nullableInstant('Since when it is watched because it loses raw rows; null where it is not.', null)
  readonly losingSince!: string | null;
}

export class RawTableResponse implements Item<'rawTables'> {
  @ApiProperty({ example: 'usage_logs' })
  readonly rawTable!: string;

  @bigCount('Every row up to this id has been accounted for.', '5000000')
  readonly safeId!: string;

  @instant('2026-01-31T11:00:00.000Z', 'Hours before it were closed at the last detection.')
  readonly closedThrough!: string;

  @bigCount('Rows first seen after their hour had been closed, ever.', '412')
  readonly lateRows!: string;

  @bigCount('Rows dated below the raw floor, ever: counted, and not applied.', '0')
  readonly belowFloorRows!: string;

  @nullableInstant('Since when writers in flight hold safeId back; null where nobody does.', null)
  readonly heldSince!: string | null;

  @nullableText('Who did at the last look: session, application, since when.', 'pid 4711 (importer)')
  readonly heldBy!: string | null;

  @instant('2026-01-31T12:00:00.412Z')
  readonly updatedAt!: string;
}

export class RawFloorsResponse {
  @nullableInstant('Of usage_logs; null for no limit.', null)
  readonly usageLogs!: string | null;

  @nullableInstant('Of ops_error_logs; null for no limit.', '2026-01-01T12:00:03.120Z')
  readonly errorLogs!: string | null;
}

export class AuditLaneResponse implements Item<'audit'> {
  @ApiProperty({
    enum: ['recent', 'history'],
    example: 'history',
    description: 'The last day, or all of history.',
  })
  readonly lane!: string;

  @nullableInstant(
    'Hours from here on have been compared in this round; null before the first.',
    '2026-01-12T07:00:00.000Z',
  )
  readonly position!: string | null;

  @nullableInstant('When this round began.', '2026-01-31T11:58:02.511Z')
  readonly roundStartedAt!: string | null;

  @nullableInstant(
    'No hour was compared longer ago than this; null during the first round.',
    '2026-01-31T05:58:02.511Z',
  )
  readonly auditedSince!: string | null;

  @bigCount('Hours compared, ever.', '720')
  readonly auditedHours!: string;

  @bigCount('Of these, the ones that differed, ever.', '0')
  readonly differingHours!: string;
}

export class ChangedGroupResponse implements Item<'changedGroups'> {
  @bigCount('Id of the group.', '7')
  readonly groupId!: string;

  @nullableText('Its platform from now on; null where it was deleted.', 'anthropic')
  readonly platform!: string | null;

  @nullableText('The platform that its history is filed under.', 'openai')
  readonly previousPlatform!: string | null;

  @instant('2026-01-31T11:07:00.412Z', 'When it was noticed.')
  readonly changedAt!: string;
}

export class JobResponse implements Item<'jobs'> {
  @ApiProperty({ example: 'ops_rollup_refresh' })
  readonly jobName!: string;

  @nullableInstant('Of any instance, as are all of these.', '2026-01-31T12:00:00.401Z')
  readonly lastRunAt!: string | null;

  @nullableInstant('When a run last succeeded.', '2026-01-31T12:00:00.401Z')
  readonly lastSuccessAt!: string | null;

  @nullableInstant('When a run last failed; null if none ever did.', null)
  readonly lastErrorAt!: string | null;

  @nullableText('Why it failed; kept after later successes.', null)
  readonly lastError!: string | null;

  @ApiProperty({
    type: String,
    format: 'int64',
    nullable: true,
    description: 'Milliseconds of the last run.',
    example: '412',
  })
  readonly lastDurationMs!: string | null;

  @nullableText('What the last run that succeeded did: JSON, as text.', '{"days":1,"keptDays":0,"ms":38}')
  readonly lastResult!: string | null;
}

export class OpsStatusResponse implements OpsStatus {
  @instant('2026-01-31T12:00:03.120Z', "The database's clock.")
  readonly now!: string;

  @instant('2026-01-31T11:00:00.000Z', 'Hours before it are closed.')
  readonly closedThrough!: string;

  @nullableInstant('Start of what can be recomputed without force; null for everything.', null)
  readonly rawFloor!: string | null;

  @ApiProperty({
    type: RawFloorsResponse,
    description: 'Below these an hour keeps what is stored of that table.',
  })
  readonly rawFloors!: RawFloorsResponse;

  @count('Version of the definitions of the metrics; rows of an older one are recomputed.', 3)
  readonly definitionVersion!: number;

  @ApiProperty({ type: LatestBucketsResponse })
  readonly latestBuckets!: LatestBucketsResponse;

  @ApiProperty({ type: RowCountsResponse })
  readonly rows!: RowCountsResponse;

  @ApiProperty({ type: InvalidationsResponse })
  readonly invalidations!: InvalidationsResponse;

  @ApiProperty({
    type: [TroubledBucketResponse],
    description: 'Newest first; at most 100 together with the suspicious and the losing ones.',
  })
  readonly failingBuckets!: readonly TroubledBucketResponse[];

  @ApiProperty({ type: [TroubledBucketResponse] })
  readonly suspiciousBuckets!: readonly TroubledBucketResponse[];

  @ApiProperty({ type: [TroubledBucketResponse] })
  readonly losingBuckets!: readonly TroubledBucketResponse[];

  @ApiProperty({ type: [AuditLaneResponse] })
  readonly audit!: readonly AuditLaneResponse[];

  @ApiProperty({ type: [ChangedGroupResponse], description: 'Of the last 30 days, newest first.' })
  readonly changedGroups!: readonly ChangedGroupResponse[];

  @ApiProperty({ type: [RawTableResponse] })
  readonly rawTables!: readonly RawTableResponse[];

  @ApiProperty({ type: [JobResponse] })
  readonly jobs!: readonly JobResponse[];
}
