import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DEFINITION_VERSION } from '../definitions/definition-version.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { MAINTENANCE_JOB, REFRESH_JOB } from '../jobs/refresh.service.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import { readChangedGroups, type ChangedGroup } from '../jobs/sql/known-groups.sql.js';
import * as sql from './sql/status.sql.js';

const MAX_TROUBLED_BUCKETS = 100;

/** Where the rollup stands; times are ISO 8601 in UTC by the database's clock, counts of rows decimal strings. */
export interface OpsStatus {
  readonly now: string;
  readonly closedThrough: string;
  /** Below it nothing of an hour is recomputed without force; null: no limit. */
  readonly rawFloor: string | null;
  /** Below these an hour keeps what is stored of that table's side. */
  readonly rawFloors: { readonly usageLogs: string | null; readonly errorLogs: string | null };
  readonly definitionVersion: number;
  readonly latestBuckets: { readonly hourly: string | null; readonly daily: string | null };
  /** Exact up to some ten thousand, estimated above. */
  readonly rows: { readonly hourly: string; readonly daily: string };
  readonly invalidations: {
    /** Closed hours that are stale. */
    readonly pending: number;
    /** Closed days that are stale. */
    readonly pendingDays: number;
    /** Hours with new rows that are not closed yet. */
    readonly waitingToClose: number;
    readonly failing: number;
    readonly suspicious: number;
    /** Hours that have lost raw rows, and are watched for lossDelaySeconds. */
    readonly losing: number;
    readonly oldestPendingSince: string | null;
  };
  readonly failingBuckets: readonly sql.TroubledBucketRow[];
  readonly suspiciousBuckets: readonly sql.TroubledBucketRow[];
  readonly losingBuckets: readonly sql.TroubledBucketRow[];
  readonly rawTables: readonly sql.DetectStateRow[];
  readonly audit: readonly sql.AuditStateRow[];
  /** Groups that were moved to another platform or deleted in the last month: their history is filed under what they were. */
  readonly changedGroups: readonly ChangedGroup[];
  readonly jobs: readonly sql.HeartbeatRow[];
}

/** Reads everything an operator asks first; the same from every instance. */
@Injectable()
export class StatusService {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
  ) {}

  public async status(): Promise<OpsStatus> {
    const row = await selectRow<sql.StatusRow>(
      this.dataSource,
      sql.readStatus(this.tables, this.options.safeDelaySeconds, retentionHours(this.options)),
    );
    const troubled = await selectRows<sql.TroubledBucketRow>(
      this.dataSource,
      sql.readTroubledBuckets(this.tables, MAX_TROUBLED_BUCKETS),
    );
    return {
      now: row.now,
      closedThrough: row.closed_through,
      rawFloor: row.floor,
      rawFloors: { usageLogs: row.usage_floor, errorLogs: row.errors_floor },
      definitionVersion: DEFINITION_VERSION,
      latestBuckets: { hourly: row.latest_hourly, daily: row.latest_daily },
      rows: { hourly: row.hourly_rows, daily: row.daily_rows },
      invalidations: {
        pending: row.pending_hours,
        pendingDays: row.pending_days,
        waitingToClose: row.waiting_to_close,
        failing: row.failing,
        suspicious: row.suspicious,
        losing: row.losing,
        oldestPendingSince: row.oldest_pending,
      },
      failingBuckets: troubled.filter(
        ({ attempts, suspiciousSince }) => attempts > 0 && suspiciousSince === null,
      ),
      suspiciousBuckets: troubled.filter(({ suspiciousSince }) => suspiciousSince !== null),
      losingBuckets: troubled.filter(
        ({ losingSince, suspiciousSince }) => losingSince !== null && suspiciousSince === null,
      ),
      rawTables: await selectRows<sql.DetectStateRow>(this.dataSource, sql.readDetectStates(this.tables)),
      audit: await selectRows<sql.AuditStateRow>(this.dataSource, sql.readAuditStates(this.tables)),
      changedGroups: await selectRows<ChangedGroup>(
        this.dataSource,
        readChangedGroups(this.tables, MAX_TROUBLED_BUCKETS),
      ),
      jobs: await selectRows<sql.HeartbeatRow>(
        this.dataSource,
        sql.readHeartbeats(this.tables, [REFRESH_JOB, MAINTENANCE_JOB]),
      ),
    };
  }
}
