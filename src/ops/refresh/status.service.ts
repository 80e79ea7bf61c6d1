import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DEFINITION_VERSION } from '../metrics/definition-version.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { OpsOptions } from '../ops.options.js';
import { shortestRetentionHours } from './sql/recompute-floor.sql.js';
import * as sql from './sql/status.sql.js';

const MAX_TROUBLED_BUCKETS = 100;

/** Where the rollup stands; times are ISO 8601 in UTC by the database's clock, counts of rows decimal strings. */
export interface OpsStatus {
  readonly now: string;
  readonly closedThrough: string;
  readonly rawFloor: string | null;
  readonly definitionVersion: number;
  readonly latestBuckets: { readonly hourly: string | null; readonly daily: string | null };
  readonly rows: { readonly hourly: string; readonly daily: string };
  readonly invalidations: {
    /** Closed hours that are stale. */
    readonly pending: number;
    /** Hours with new rows that are not closed yet. */
    readonly waitingToClose: number;
    readonly failing: number;
    readonly suspicious: number;
    readonly oldestPendingSince: string | null;
  };
  readonly failingBuckets: readonly sql.TroubledBucketRow[];
  readonly suspiciousBuckets: readonly sql.TroubledBucketRow[];
  readonly rawTables: readonly sql.DetectStateRow[];
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
    const retentionHours = shortestRetentionHours(this.options);
    const row = await selectRow<sql.StatusRow>(
      this.dataSource,
      sql.readStatus(this.tables, this.options.safeDelaySeconds, retentionHours),
    );
    const troubled = await selectRows<sql.TroubledBucketRow>(
      this.dataSource,
      sql.readTroubledBuckets(this.tables, MAX_TROUBLED_BUCKETS),
    );
    return {
      now: row.now,
      closedThrough: row.closed_through,
      rawFloor: row.floor,
      definitionVersion: DEFINITION_VERSION,
      latestBuckets: { hourly: row.latest_hourly, daily: row.latest_daily },
      rows: { hourly: row.hourly_rows, daily: row.daily_rows },
      invalidations: {
        pending: row.pending,
        waitingToClose: row.waiting_to_close,
        failing: row.failing,
        suspicious: row.suspicious,
        oldestPendingSince: row.oldest_pending,
      },
      failingBuckets: troubled.filter((bucket) => bucket.suspiciousSince === null),
      suspiciousBuckets: troubled.filter((bucket) => bucket.suspiciousSince !== null),
      rawTables: await selectRows<sql.DetectStateRow>(this.dataSource, sql.readDetectStates(this.tables)),
      jobs: await selectRows<sql.HeartbeatRow>(this.dataSource, sql.readHeartbeats(this.tables)),
    };
  }
}
