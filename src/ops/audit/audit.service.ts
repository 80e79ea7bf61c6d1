import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { errorText, isBucketFailure } from '../sql/database-errors.js';
import { shortTransaction } from '../sql/short-transaction.js';
import type { AuditResult } from './audit.schema.js';
import { auditHours, type AuditedStep } from './sql/compare.sql.js';
import * as lanes from './sql/lanes.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';

/** What one step may compare: about a tenth of a second of reading. */
const STEP_REQUESTS = 400_000;
const STEP_HOURS = 240;

const NOTHING: AuditedStep = { audited: 0, differing: 0, differing_minutes: 0, differing_days: 0 };

/** The recent hours come first. */
const LANES = ['recent', 'history'] as const;

/**
 * Compares closed hours with their raw rows by a fingerprint that takes one cheap scan, and notes those that differ. It
 * finds what detection cannot see: ids that their INSERT did not take at that moment, and rows that were updated, moved
 * or deleted in place.
 *
 * Any number of instances may run it; they share each lane's round, a step at a time.
 */
@Injectable()
export class AuditService {
  private readonly logger = new Logger('OpsAudit');
  private started = false;
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly defined: DefinedTables,
  ) {}

  /**
   * Audits each lane until it has had its share of the time (`auditPercent`), or its round is done.
   *
   * @throws QueryFailedError where the database cannot be reached
   */
  public async audit(): Promise<AuditResult> {
    const result = { auditedHours: 0, differingHours: 0, differingMinutes: 0, differingDays: 0 };
    if (this.options.auditPercent === 0) {
      return result;
    }
    if (!this.started) {
      await selectRow(this.dataSource, lanes.startAudit(this.tables, LANES));
      this.started = true;
    }
    for (const { lane } of await selectRows<{ lane: lanes.AuditLane }>(
      this.dataSource,
      lanes.dueLanes(this.tables),
    )) {
      while (!this.stopping && (await this.step(lane, result))) {
        // the next step
      }
    }
    const { differingHours: hours, differingMinutes: minutes, differingDays: days } = result;
    if (hours + minutes + days > 0) {
      this.logger.warn(
        `${hours} hours differ from their raw rows, so do the minutes of ${minutes} others, and ${days} days from their hours, unseen by detection: noted`,
      );
    }
    return result;
  }

  /** Takes no further step. */
  public stop(): void {
    this.stopping = true;
  }

  /** False where the lane has nothing more to do for now. */
  private async step(lane: lanes.AuditLane, result: AuditResult): Promise<boolean> {
    const began = performance.now();
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      const retention = retentionHours(this.options);
      const [step] = await selectRows<lanes.AuditStep>(
        manager,
        lanes.nextAuditStep(this.tables, lane, {
          safeDelaySeconds: this.options.safeDelaySeconds,
          requests: STEP_REQUESTS,
          hours: STEP_HOURS,
          retention,
          backfillHours: this.options.backfillDays * 24,
        }),
      );
      if (step === undefined) {
        return false; // another instance is at it, or it has had its share
      }
      // Where nothing is left below the last step the round still has to end, or no other would ever begin.
      const compared = step.from === step.to ? NOTHING : await this.compare(manager, step);
      result.auditedHours += compared.audited;
      result.differingHours += compared.differing;
      result.differingMinutes += compared.differing_minutes;
      result.differingDays += compared.differing_days;
      await selectRow(
        manager,
        lanes.advanceAudit(this.tables, lane, {
          position: step.from,
          startsRound: step.starts_round,
          audited: compared.audited,
          differing: compared.differing,
          pauseSeconds: this.pauseAfter(performance.now() - began),
          restSeconds: step.ends_round ? this.options.auditIntervalSeconds : 0,
        }),
      );
      return !step.ends_round;
    });
  }

  /** Seconds that pay for a step of so many milliseconds, so that both lanes together take their share of the time. */
  private pauseAfter(ms: number): number {
    return ((ms / 1000) * LANES.length * 100) / this.options.auditPercent;
  }

  /** Hours that cannot be read are passed over, and come up again in the next round. */
  private async compare(manager: EntityManager, step: lanes.AuditStep): Promise<AuditedStep> {
    try {
      // A savepoint: what fails here must not take the step along.
      return await manager.transaction(async (inner) =>
        selectRow<AuditedStep>(
          inner,
          auditHours(await this.defined.current(inner), step, retentionHours(this.options)),
        ),
      );
    } catch (error) {
      if (!isBucketFailure(error)) {
        throw error;
      }
      this.logger.error(
        `The hours from ${step.from} to ${step.to} could not be audited: ${errorText(error)}`,
      );
      return NOTHING;
    }
  }
}
