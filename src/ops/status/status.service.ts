import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DEFINITION_VERSION } from '../definitions/definition-version.js';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { ERROR_DIMENSION } from '../definitions/dimensions.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { ReadTransactions } from '../read/read-transactions.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { OpsOptions } from '../options/ops.options.js';
import { MAINTENANCE_JOB, REFRESH_JOB } from '../jobs/refresh.service.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import type { ChangedGroup } from '../jobs/refresh.schemas.js';
import { readChangedGroups } from '../jobs/sql/known-groups.sql.js';
import type { AuditLaneState, JobState, OpsStatus, RawTableState, TroubledBucket } from './status.schemas.js';
import * as sql from './sql/status.sql.js';

const MAX_TROUBLED_BUCKETS = 100;

/** Reads everything an operator asks first; the same from every instance. */
@Injectable()
export class StatusService {
  public constructor(
    private readonly transactions: ReadTransactions,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly defined: DefinedTables,
  ) {}

  /** @throws OpsReadTimeoutError */
  public async status(): Promise<OpsStatus> {
    // Where the rollup stands is asked for most when something is wrong, such as a filter of the options.
    const { dimensions } = await this.defined.current().catch(() => this.tables);
    const { row, troubled, ...states } = await this.transactions.runAtOnce((manager) => this.read(manager));
    return {
      now: row.now,
      closedThrough: row.closed_through,
      rawFloor: row.floor,
      rawFloors: { usageLogs: row.usage_floor, errorLogs: row.errors_floor },
      definitionVersion: DEFINITION_VERSION,
      dimensions: dimensions
        .filter(({ name }) => name !== ERROR_DIMENSION.name)
        .map(({ name, withinGroups }) => ({ name, withinGroups })),
      objectives: this.options.objectives,
      latestBuckets: { hourly: row.latest_hourly, daily: row.latest_daily },
      rows: { hourly: row.hourly_rows, daily: row.daily_rows, minutely: row.minutely_rows },
      live: {
        minutesFrom: row.minutes_from,
        liveThrough: row.live_through,
        lagSeconds: row.live_lag_seconds,
      },
      invalidations: {
        pending: row.pending_hours,
        pendingMinutes: row.pending_minutes,
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
      ...states,
    };
  }

  private async read(manager: EntityManager) {
    const all = <Row>(statement: SqlStatement): Promise<Row[]> => selectRows<Row>(manager, statement);
    const { safeDelaySeconds } = this.options;
    return {
      row: await selectRow<sql.StatusRow>(
        manager,
        sql.readStatus(this.tables, safeDelaySeconds, retentionHours(this.options)),
      ),
      troubled: await all<TroubledBucket>(sql.readTroubledBuckets(this.tables, MAX_TROUBLED_BUCKETS)),
      rawTables: await all<RawTableState>(sql.readDetectStates(this.tables)),
      audit: await all<AuditLaneState>(sql.readAuditStates(this.tables)),
      changedGroups: await all<ChangedGroup>(readChangedGroups(this.tables, MAX_TROUBLED_BUCKETS)),
      jobs: await all<JobState>(sql.readHeartbeats(this.tables, [REFRESH_JOB, MAINTENANCE_JOB])),
    };
  }
}
