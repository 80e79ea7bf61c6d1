import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { DrainService } from '../drain/drain.service.js';
import { OpsRebuildEndedError, OpsRebuildNotFoundError } from './rebuild.errors.js';
import { RangeChecker, type CheckedRange } from '../ranges/range-checker.service.js';
import type { Range } from '../ranges/range.schemas.js';
import { finishRebuilds } from '../drain/sql/finish-rebuilds.sql.js';
import { notingTransaction, shortTransaction } from '../sql/short-transaction.js';
import { givenId } from '../common/schemas.js';
import { validated } from '../common/validated.js';
import { rebuildRequestSchema, type RebuildProgress, type RebuildRequest } from './rebuild.schemas.js';
import { cancelRebuild, readRebuilds, requestRebuild, type RebuildRow } from './sql/rebuild.sql.js';

/**
 * Rebuilds on demand. A rebuild is nothing but noted invalidations and a row that remembers the request: it is
 * drained, retried, shared and resumed like any other stale hour, and its progress is the same from every instance.
 */
@Injectable()
export class RebuildService {
  private readonly logger = new Logger('OpsRebuild');

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly ranges: RangeChecker,
    private readonly drains: DrainService,
  ) {}

  /**
   * Notes every closed hour of the range, widened outward to whole UTC hours, and starts to drain at once, in the
   * background. A forced range is widened to whole UTC days where the retention has dropped hours of a day at its end;
   * what it restores is dropped again by the next maintenance job, unless the retention has been raised.
   *
   * @param requestedBy who asks; kept and logged
   * @throws OpsInputError naming what is wrong: the range, most likely
   * @throws OpsBelowFloorError where it reaches below the floor and is not forced
   */
  public async request(request: RebuildRequest, requestedBy?: string): Promise<RebuildProgress> {
    const { from, to, force, reason } = validated(rebuildRequestSchema, request);
    const range = await this.range({ from, to }, force === true);
    const id = await notingTransaction(this.dataSource, this.options, async (manager) => {
      const created = await selectRow<{ id: string }>(
        manager,
        requestRebuild(this.tables, {
          start: range.start.toISOString(),
          end: range.end.toISOString(),
          force: force === true,
          reason: reason ?? null,
          requestedBy: requestedBy ?? null,
        }),
      );
      return created.id;
    });
    const progress = await this.progress(id);
    this.logger.log(
      `Rebuild ${id} of ${progress.hours.total} hours, ${progress.from} to ${progress.to}, asked for by ` +
        `${requestedBy ?? 'nobody named'}${progress.force ? ', forced' : ''}`,
    );
    void this.resume();
    return progress;
  }

  /**
   * Drains what is due now, other rebuilds' hours included. For a caller without jobs of its own: a drain passes over
   * the days that another instance has in work, and somebody has to come back for them if that one dies.
   *
   * Never rejects: a failure is logged, and leaves the hours to the next drain.
   */
  public async resume(): Promise<void> {
    try {
      await this.drains.drain();
    } catch (error) {
      this.logger.error('The drain of a rebuild stopped; the next tick goes on with it', error);
    }
  }

  private async range(given: Range, force: boolean): Promise<CheckedRange> {
    const range = await this.ranges.closedHours(given);
    if (force) {
      return this.ranges.wholeDroppedDays(range);
    }
    this.ranges.requireAboveFloor(range);
    return range;
  }

  /** The latest rebuilds, newest first. */
  public async list(limit = 50): Promise<RebuildProgress[]> {
    const rows = await selectRows<RebuildRow>(this.dataSource, readRebuilds(this.tables, null, limit));
    return rows.map(toProgress);
  }

  /**
   * @throws OpsInputError where the id holds what no text may
   * @throws OpsRebuildNotFoundError
   */
  public async progress(id: string): Promise<RebuildProgress> {
    validated(givenId, id, 'id');
    const [row] = /^\d{1,18}$/.test(id)
      ? await selectRows<RebuildRow>(this.dataSource, readRebuilds(this.tables, id, 1))
      : [];
    if (row === undefined) {
      throw new OpsRebuildNotFoundError(id);
    }
    return toProgress(row);
  }

  /**
   * Drops what is left to do. Hours that are being recomputed at this moment are finished.
   *
   * @throws OpsRebuildNotFoundError
   * @throws OpsRebuildEndedError where it has finished or been cancelled before
   */
  public async cancel(id: string): Promise<RebuildProgress> {
    await this.progress(id);
    const cancelled = await shortTransaction(this.dataSource, this.options, (manager) =>
      selectRows(manager, cancelRebuild(this.tables, id)),
    );
    if (cancelled.length === 0) {
      throw new OpsRebuildEndedError(id);
    }
    await selectRows(this.dataSource, finishRebuilds(this.tables, this.options.safeDelaySeconds));
    return this.progress(id);
  }
}

function toProgress(row: RebuildRow): RebuildProgress {
  const state = row.cancelled_at !== null ? 'cancelled' : row.finished_at !== null ? 'finished' : 'running';
  const done = Math.max(0, row.hours_total - row.hours_left - row.hours_failed - row.hours_cancelled);
  const secondsLeft = (row.elapsed_seconds / Math.max(done, 1)) * row.hours_left;
  const now = Date.parse(row.requested_at) + row.elapsed_seconds * 1000;
  return {
    id: row.id,
    state,
    from: row.range_start,
    to: row.range_end,
    force: row.forced,
    reason: row.reason,
    requestedBy: row.requested_by,
    startedAt: row.requested_at,
    finishedAt: row.finished_at,
    cancelledAt: row.cancelled_at,
    hours: { total: row.hours_total, done, failed: row.hours_failed, cancelled: row.hours_cancelled },
    estimatedEnd: state === 'running' && done > 0 ? new Date(now + secondsLeft * 1000).toISOString() : null,
  };
}
