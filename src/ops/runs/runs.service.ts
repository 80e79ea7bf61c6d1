import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { errorText } from '../sql/database-errors.js';
import { OpsRunActiveError, OpsRunEndedError, OpsRunNotFoundError, type RunKind } from './run.errors.js';
import { givenId } from '../common/schemas.js';
import { validated } from '../common/validated.js';
import type { RunState } from './run.schemas.js';
import { cancelRun, endRun, readRuns, reportRun, startRun, type RunRow } from './sql/runs.sql.js';

/** How often the progress is written down, at most; milliseconds. */
const REPORT_INTERVAL_MS = 500;

export interface Run<Request, Result> extends RunState {
  readonly request: Request;
  readonly result: Result;
}

export interface RunWork<Result> {
  readonly kind: RunKind;
  readonly request: object;
  /** The result before anything has been done. */
  readonly first: Result;
  readonly requestedBy: string | undefined;
  /** How long it counts as alive without a report, in seconds. */
  readonly aliveSeconds: number;
  /**
   * @param report says how far it is, or with null that it is alive
   * @param signal aborted where it is to stop after the step under way
   */
  readonly work: (report: (result: Result | null) => Promise<void>, signal: AbortSignal) => Promise<Result>;
}

/**
 * Work that outlives the request that asked for it: one of a kind at a time on each instance, written down so that every
 * instance can show and cancel it. The last 100 of a kind are kept.
 */
@Injectable()
export class RunsService implements BeforeApplicationShutdown {
  private readonly logger = new Logger('OpsRuns');
  private readonly active = new Map<
    RunKind,
    { id: string | null; stop: AbortController; end: Promise<void> }
  >();
  private stopping = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
  ) {}

  /**
   * Starts the work in the background.
   *
   * @returns its id
   * @throws OpsRunActiveError where this instance has one of its kind in work
   */
  public async start<Result extends object>(run: RunWork<Result>): Promise<string> {
    const active = this.active.get(run.kind);
    if (active !== undefined) {
      throw new OpsRunActiveError(run.kind, active.id);
    }
    const own = { id: null as string | null, stop: new AbortController(), end: Promise.resolve() };
    this.active.set(run.kind, own); // before the first await: nobody gets in between
    try {
      const { kind, request, first: result, aliveSeconds, requestedBy = null } = run;
      const started = await selectRow<{ id: string }>(
        this.dataSource,
        startRun(this.tables, { kind, request, result, aliveSeconds, requestedBy }),
      );
      own.id = started.id;
    } catch (error) {
      this.active.delete(run.kind);
      throw error;
    }
    own.end = this.run(own.id, run, own.stop).finally(() => this.active.delete(run.kind));
    return own.id;
  }

  /** Whether this instance has one of the kind in work. */
  public isActive(kind: RunKind): boolean {
    return this.active.has(kind);
  }

  /** The latest runs, newest first, without the given keys of their results. */
  public async list<Request, Result>(
    kind: RunKind,
    limit: number,
    without: readonly string[] = [],
  ): Promise<Run<Request, Result>[]> {
    const rows = await selectRows<RunRow>(this.dataSource, readRuns(this.tables, kind, null, limit, without));
    return rows.map((row) => toRun<Request, Result>(row));
  }

  /**
   * @throws OpsInputError where the id holds what no text may
   * @throws OpsRunNotFoundError
   */
  public async read<Request, Result>(kind: RunKind, id: string): Promise<Run<Request, Result>> {
    validated(givenId, id, 'id');
    const [row] = /^\d{1,18}$/.test(id)
      ? await selectRows<RunRow>(this.dataSource, readRuns(this.tables, kind, id, 1, []))
      : [];
    if (row === undefined) {
      throw new OpsRunNotFoundError(kind, id);
    }
    return toRun<Request, Result>(row);
  }

  /**
   * Asks a run to stop after the step under way, on whichever instance it is.
   *
   * @throws OpsRunNotFoundError
   * @throws OpsRunEndedError
   */
  public async cancel(kind: RunKind, id: string): Promise<void> {
    await this.read(kind, id);
    const cancelled = await selectRows(this.dataSource, cancelRun(this.tables, kind, id));
    if (cancelled.length === 0) {
      throw new OpsRunEndedError(kind, id);
    }
    const active = this.active.get(kind);
    if (active?.id === id) {
      active.stop.abort();
    }
  }

  /** Stops what runs after the step under way. */
  public async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    const active = [...this.active.values()];
    active.forEach(({ stop }) => {
      stop.abort();
    });
    await Promise.all(active.map(({ end }) => end));
  }

  /** Never rejects: what cannot be written down is logged, and shows as interrupted. */
  private async run<Result extends object>(
    id: string,
    { kind, aliveSeconds, work }: RunWork<Result>,
    stop: AbortController,
  ): Promise<void> {
    let reportedAt = -Infinity;
    const report = async (result: Result | null): Promise<void> => {
      if (performance.now() - reportedAt < REPORT_INTERVAL_MS) {
        return;
      }
      reportedAt = performance.now();
      const [row] = await selectRows<{ is_cancelled: boolean }>(
        this.dataSource,
        reportRun(this.tables, id, aliveSeconds, result),
      );
      if (row?.is_cancelled === true) {
        stop.abort();
      }
    };
    try {
      const result = await work(report, stop.signal);
      const state = !stop.signal.aborted ? 'finished' : this.stopping ? 'interrupted' : 'cancelled';
      await selectRows(this.dataSource, endRun(this.tables, id, state, result, null));
    } catch (error) {
      this.logger.error(`Run ${id} (${kind}) failed: ${errorText(error)}`);
      await selectRows(this.dataSource, endRun(this.tables, id, 'failed', null, errorText(error))).catch(
        (failure: unknown) => {
          this.logger.error(`The failure of run ${id} could not be recorded: ${errorText(failure)}`);
        },
      );
    }
  }
}

function toRun<Request, Result>(row: RunRow): Run<Request, Result> {
  return {
    id: row.id,
    state: row.state,
    requestedBy: row.requested_by,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    cancelRequestedAt: row.cancel_requested_at,
    error: row.error,
    request: row.request as Request,
    result: row.result as Result,
  };
}
