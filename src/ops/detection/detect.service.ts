import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { NOTHING, sum, type DetectResult } from './detect-result.js';
import { RawTableChecker } from './raw-table-checker.service.js';
import { rawTables, type RawTable } from '../definitions/raw-tables.js';
import { shortTransaction } from '../sql/short-transaction.js';
import * as sql from './sql/detect.sql.js';
import { WriterReports } from './writer-reports.js';
import { describeWriters, lowest, marksOf, stillInFlight, UNKNOWN_MARK } from './writer-marks.js';
import { writersInFlight } from './writers-in-flight.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import { endMinutes, startMinutes } from '../invalidation/sql/live.sql.js';
import * as notes from '../invalidation/sql/note.sql.js';

/** Rows that one transaction looks at: a backlog of any size is taken in steps that no timeout can stop. */
const CHUNK_ROWS = 200_000;

/** What a detection in one table goes by. */
interface Look {
  readonly table: RawTable;
  /** As it was before the writers were asked for. */
  readonly position: sql.DetectPosition;
  readonly candidate: string;
  readonly closedThrough: string;
  /** The transactions in flight after a short wait. */
  readonly marks: sql.WriterMarks;
  /** The same for people, or null. */
  readonly heldBy: string | null;
  /** Up to which id the transactions of this look have come. */
  cursor: bigint | null;
}

/** What a detection came to. */
export interface Detected {
  readonly result: DetectResult;
  /** ISO, by the database's clock. */
  readonly through: string | null;
}

/** How far one transaction has come: there may be more, up to the candidate. */
interface Step {
  readonly found: DetectResult;
  readonly isLast: boolean;
}

/**
 * Finds the hours that have new raw rows, by id and not by time, and notes them as invalidations. It takes no lock on
 * a raw table beyond that of a SELECT. Any number of instances may run it at once.
 *
 * What it cannot see, rows whose id was not taken by their INSERT, the audit finds.
 */
@Injectable()
export class DetectService {
  private readonly logger = new Logger('OpsDetect');
  private readonly writers = new WriterReports(this.logger);

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly rawTableChecker: RawTableChecker,
    private readonly defined: DefinedTables,
  ) {}

  /**
   * @returns what was found, and the instant up to which every row that could be seen is noted
   * @throws OpsRawTableError where a raw table is none that can be followed
   * @throws QueryFailedError as the database gives it; what was noted before stays noted.
   */
  public async detect(): Promise<Detected> {
    await this.rawTableChecker.check();
    const tables = await this.defined.current();
    const positions = await shortTransaction(this.dataSource, this.options, (manager) =>
      selectRows<sql.DetectPosition>(manager, sql.readPositions(tables, this.options.safeDelaySeconds)),
    );
    const [first] = positions;
    await this.keepMinutes(first?.minutes_kept === true);
    const found: DetectResult[] = [];
    for (const table of rawTables(tables)) {
      const position = positions.find((row) => row.raw_table === table.key);
      if (position?.by_workers === true) {
        this.writers.besideTheCoordinator(table);
      }
      if (position !== undefined && !position.idle) {
        found.push(await this.detectIn(table, position));
      }
    }
    return { result: sum(found), through: first?.read_at ?? null };
  }

  /** Begins to keep minutes, or ends it, where the options say so for the first time. */
  private async keepMinutes(areKept: boolean): Promise<void> {
    const { minuteRetentionHours: hours } = this.options;
    if (areKept !== hours > 0) {
      await shortTransaction(this.dataSource, this.options, (manager) =>
        selectRow(manager, hours === 0 ? endMinutes(this.tables) : startMinutes(this.tables, hours)),
      );
    }
  }

  /** The position was read before: then who may hold a lower id is asked, then new snapshots taken. In this order. */
  private async detectIn(table: RawTable, position: sql.DetectPosition): Promise<DetectResult> {
    const writers = await writersInFlight(this.dataSource, table);
    const look: Look = {
      table,
      position,
      candidate: position.candidate ?? '0',
      closedThrough: position.closed_through,
      marks: marksOf(writers, position),
      heldBy: describeWriters(writers),
      cursor: null,
    };
    this.writers.holding(table, look.heldBy);
    const found: DetectResult[] = [];
    for (let isLast = false; !isLast;) {
      const step = await shortTransaction(this.dataSource, this.options, (manager) =>
        this.step(manager, look),
      );
      found.push(step.found);
      isLast = step.isLast;
    }
    return sum(found);
  }

  private async step(manager: EntityManager, look: Look): Promise<Step> {
    const { table, candidate, marks } = look;
    if (
      look.position.safe_id === null &&
      look.cursor === null &&
      (await selectRow<{ is_new: boolean }>(manager, sql.startState(this.tables, table, look))).is_new
    ) {
      return { found: await this.noteBackfill(manager, look), isLast: true };
    }
    const state = await selectRow<sql.LockedState>(manager, sql.lockState(this.tables, table));
    if (state.provisional && !Object.values(marks).includes(UNKNOWN_MARK)) {
      // Those that were in flight at first have ended: what they wrote can be seen now.
      const found = await this.noteBackfill(manager, look);
      await this.advance(manager, look, { provisional: false, seen: candidate, writers: marks });
      return { found, isLast: true };
    }
    if (state.head !== null && BigInt(state.head) < BigInt(state.safe_id)) {
      return this.startOver(manager, look, state);
    }
    return this.noteNext(manager, look, state);
  }

  /** Until a table is followed from a proven id, nothing counts as late. */
  private async noteBackfill(manager: EntityManager, { table, heldBy }: Look): Promise<DetectResult> {
    const { hours } = await selectRow<{ hours: number }>(
      manager,
      notes.noteBackfill(this.tables, table, {
        backfillHours: this.options.backfillDays * 24,
        retention: retentionHours(this.options),
      }),
    );
    this.logger.log(
      `First run on ${table.key}: ${hours} hours noted for backfill` +
        (heldBy === null ? '' : '; writers are in flight, they are noted once more when these have ended'),
    );
    return { ...NOTHING, detectedHours: hours };
  }

  /**
   * The highest id has fallen: ids started anew (TRUNCATE … RESTART IDENTITY, a restore), or the newest rows were
   * deleted. The mark follows it down, some rows further; what lies below is the audit's.
   */
  private async startOver(manager: EntityManager, look: Look, state: sql.LockedState): Promise<Step> {
    const head = state.head ?? '0';
    const { id } = await selectRow<{ id: string }>(manager, sql.restartBelow(look.table, head, CHUNK_ROWS));
    this.logger.warn(
      `The highest id of ${look.table.key} has fallen to ${head}: its rows above ${id} are looked at again`,
    );
    await this.advance(manager, look, { ...state, seen: id, writers: {} });
    return { found: NOTHING, isLast: false };
  }

  /**
   * From the last row that has been seen on; further down where a writer has ended since that may have had rows there.
   * Notes are kept with each transaction, and what is known of the writers with the last.
   */
  private async noteNext(manager: EntityManager, look: Look, state: sql.LockedState): Promise<Step> {
    const ended = Object.keys(look.position.writers ?? {}).filter((writer) => !(writer in look.marks));
    const above =
      look.cursor ??
      lowest([state.seen_id, ...ended.map((writer) => state.writers[writer] ?? state.seen_id)]);
    const rows = await selectRow<notes.NotedRows>(
      manager,
      notes.noteNewRows(this.tables, look.table, {
        aboveId: above.toString(),
        throughId: look.candidate,
        rows: CHUNK_ROWS,
        countedId: state.seen_id,
        intervalSeconds: this.options.recomputeIntervalSeconds,
        retention: retentionHours(this.options),
      }),
    );
    const isLast = !rows.is_full;
    const through = isLast ? BigInt(look.candidate) : BigInt(rows.through_id ?? above);
    look.cursor = through;
    const seen = through > BigInt(state.seen_id) ? through.toString() : state.seen_id;
    await this.advance(
      manager,
      look,
      { ...state, seen, writers: isLast ? stillInFlight(look.marks, state.writers, ended) : state.writers },
      rows,
    );
    return {
      found: {
        detectedHours: rows.hours,
        lateRows: Number(rows.late_rows),
        oldestLateSeconds: rows.latest_by_seconds,
        belowFloorRows: Number(rows.below_floor_rows),
      },
      isLast,
    };
  }

  /** No id up to safe_id is missing: it is the lowest that a writer in flight may have, else the last that was seen. */
  private async advance(
    manager: EntityManager,
    { table, closedThrough, heldBy }: Look,
    to: { provisional: boolean; seen: string; writers: sql.WriterMarks },
    rows?: notes.NotedRows,
  ): Promise<void> {
    await selectRows(
      manager,
      sql.advanceState(this.tables, table, {
        closedThrough,
        heldBy,
        safeId: lowest([to.seen, ...Object.values(to.writers)]).toString(),
        seenId: to.seen,
        marks: to.writers,
        provisional: to.provisional,
        lateRows: rows?.late_rows ?? '0',
        belowFloorRows: rows?.below_floor_rows ?? '0',
      }),
    );
  }
}
