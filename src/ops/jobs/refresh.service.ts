import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { logfmt } from '../common/logfmt.js';
import { OpsOptions } from '../options/ops.options.js';
import { AuditService } from '../audit/audit.service.js';
import { errorText } from '../sql/database-errors.js';
import type { AuditResult } from '../audit/audit.schema.js';
import { sum, type DetectResult } from '../detection/detect-result.js';
import { DetectService } from '../detection/detect.service.js';
import type { DrainResult } from '../drain/drain.schema.js';
import { DrainService } from '../drain/drain.service.js';
import { RetentionService } from '../retention/retention.service.js';
import { endRests } from '../invalidation/sql/note.sql.js';
import { noteOldDefinitions, type OldDefinitions } from '../invalidation/sql/definition.sql.js';
import { countPending } from '../drain/sql/release.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import type { ChangedGroup, MaintenanceTick, RefreshTick } from './refresh.schemas.js';
import { recordRun } from './sql/heartbeat.sql.js';
import { findUnknownGroups, noteUnknownGroups, type UnknownGroup } from './sql/known-groups.sql.js';

/** The names under which the jobs' heartbeats are recorded: another program in the database has others. */
export const REFRESH_JOB = 'ops_rollup_refresh';
export const MAINTENANCE_JOB = 'ops_rollup_maintenance';

/** How long a backlog is drained before new rows are looked for again, in milliseconds. */
const ROUND_MS = 5_000;

/** Between two records of a heartbeat that has nothing to say, in seconds. */
const QUIET_SECONDS = 50;

interface Round {
  readonly detected: DetectResult;
  readonly audited: AuditResult;
  readonly drained: DrainResult;
  readonly isCut: boolean;
}

/** One tick of each job: what the schedule, the command line and the admin endpoint run. */
@Injectable()
export class RefreshService {
  private readonly logger = new Logger('OpsRefresh');

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly detection: DetectService,
    private readonly audits: AuditService,
    private readonly drains: DrainService,
    private readonly retention: RetentionService,
    private readonly defined: DefinedTables,
  ) {}

  /**
   * Finds the minutes and hours that have new rows, or differ from their rows, and recomputes what is stale: minutes at
   * once, hours and days that are closed. While a backlog is drained, new rows are looked for again every few seconds, so
   * that the minutes keep up. Recorded as a heartbeat.
   *
   * @param asked whether somebody waits for it: then no hour and no day rests (`recomputeIntervalSeconds`)
   * @throws QueryFailedError where the database cannot be reached; the heartbeat then records it, if it can
   * @throws OpsFilterError where a filter of the options is no condition
   */
  public async tick({ asked = false }: { readonly asked?: boolean } = {}): Promise<RefreshTick> {
    return this.recorded(REFRESH_JOB, async () => {
      await this.defined.look();
      let { isCut, ...done } = await this.round(asked);
      while (isCut) {
        const next = await this.round(asked);
        isCut = next.isCut;
        done = {
          detected: sum([done.detected, next.detected]),
          audited: added(done.audited, next.audited),
          drained: added(done.drained, next.drained),
        };
      }
      const { detected, audited, drained } = done;
      if (detected.belowFloorRows > 0) {
        this.logger.warn(
          `${detected.belowFloorRows} late rows lie below the raw floor: counted, and not applied`,
        );
      }
      const pending = await selectRow<{ minutes: number; hours: number; days: number }>(
        this.dataSource,
        countPending(this.tables, this.options.safeDelaySeconds),
      );
      return {
        ...detected,
        ...audited,
        ...drained,
        pendingMinutes: pending.minutes,
        pendingHours: pending.hours,
        pendingDays: pending.days,
      };
    });
  }

  private async round(asked: boolean): Promise<Round> {
    // What is noted already does not wait for a detection that fails: because an instance was suspended while it held
    // the rows that this one wants to note, say. Nor does it wait for the audit, which reads hours that are quiet.
    const [detection] = await Promise.allSettled([this.detection.detect()]);
    const [audit] = await Promise.allSettled([this.audits.audit()]);
    if (asked) {
      await selectRow(this.dataSource, endRests(this.tables));
    }
    const through = detection.status === 'fulfilled' ? detection.value.through : null;
    const { result: drained, isCut } = await this.drains.drain({ through, forMs: ROUND_MS, asked });
    return { detected: valueOf(detection).result, audited: valueOf(audit), drained, isCut };
  }

  /**
   * Notes the buckets that an older definition or another program computed, looks for groups that have changed, and
   * deletes metrics rows past their retention. Recorded as a heartbeat.
   *
   * @throws QueryFailedError as {@link tick}
   */
  public async maintain(): Promise<MaintenanceTick> {
    return this.recorded(MAINTENANCE_JOB, async () => {
      const old = await selectRow<OldDefinitions>(
        this.dataSource,
        noteOldDefinitions(await this.defined.look(), retentionHours(this.options)),
      );
      if (old.foreign_rows !== '0') {
        this.logger.warn(
          `Another program has written ${old.foreign_rows} metrics rows: they are recomputed. Switch its aggregation off`,
        );
      }
      const unknown = await selectRows<UnknownGroup>(this.dataSource, findUnknownGroups(this.tables));
      const changed = await selectRows<ChangedGroup>(
        this.dataSource,
        noteUnknownGroups(this.tables, unknown),
      );
      for (const group of changed) {
        this.logger.warn(describeChange(group));
      }
      const dropped = await this.retention.run();
      return {
        oldDefinitionHours: old.hours,
        oldDefinitionDays: old.days,
        changedGroups: changed.length,
        ...dropped,
      };
    });
  }

  /** Lets the days in work finish, and takes no more. */
  public async stop(): Promise<void> {
    this.audits.stop();
    this.retention.stop();
    await this.drains.stop();
  }

  private async recorded<T extends object>(
    jobName: string,
    run: () => Promise<T>,
  ): Promise<T & { ms: number }> {
    const started = performance.now();
    const elapsed = (): number => Math.round(performance.now() - started);
    try {
      const done = await run();
      const result = { ...done, ms: elapsed() };
      const isQuiet = Object.entries(done).every(([name, value]) => value === 0 || ROUTINE.has(name));
      this.logger[isQuiet ? 'debug' : 'log'](`${jobName} ${logfmt(result)}`);
      await this.record(jobName, result.ms, null, result, isQuiet ? QUIET_SECONDS : 0);
      return result;
    } catch (error) {
      await this.record(jobName, elapsed(), errorText(error), null).catch((failure: unknown) => {
        this.logger.error(`The failure of ${jobName} could not be recorded: ${errorText(failure)}`);
      });
      throw error;
    }
  }

  private async record(
    jobName: string,
    durationMs: number,
    error: string | null,
    result: unknown,
    afterSeconds = 0,
  ): Promise<void> {
    await selectRows(
      this.dataSource,
      recordRun(this.tables, { jobName, durationMs, error, result, afterSeconds }),
    );
  }
}

/** What every tick beside traffic has to say: nothing that a log or a heartbeat would need. */
const ROUTINE: ReadonlySet<string> = new Set<keyof RefreshTick>([
  'detectedHours',
  'auditedHours',
  'oldestLateSeconds',
  'drainedMinutes',
  'pendingMinutes',
]);

function added<Counts extends Record<string, number>>(one: Counts, other: Counts): Counts {
  return Object.fromEntries(
    Object.entries(one).map(([name, count]) => [name, count + (other[name] ?? 0)]),
  ) as Counts;
}

function valueOf<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') {
    throw outcome.reason;
  }
  return outcome.value;
}

function describeChange({ groupId, platform, previousPlatform }: ChangedGroup): string {
  const was = previousPlatform ?? 'no platform';
  const cure = 'rebuild --force its range to file it anew at once';
  return platform === null
    ? `Group ${groupId} (${was}) was deleted: its requests count nowhere from now on. Hours that counted them are ` +
        `recomputed as the audit reaches them, or held back where they would lose more than half; ${cure}`
    : `Group ${groupId} has moved from ${was} to ${platform}. Its history stays under ${was}; ${cure}`;
}
