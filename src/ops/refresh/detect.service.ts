import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { OpsOptions } from '../ops.options.js';
import { NOTHING, sum, type DetectResult } from './detect-result.js';
import { RawTableChecker } from './raw-table-checker.service.js';
import { rawTables, type RawTable } from './raw-tables.js';
import { shortTransaction } from './short-transaction.js';
import * as sql from './sql/detect.sql.js';
import { retentionHours } from './sql/floors.sql.js';
import * as notes from './sql/note.sql.js';

/** How long detection waits for writers in flight before it leaves safe_id where it is, in milliseconds. */
const WRITER_WAIT_MS = 500;
const WRITER_POLL_MS = 20;

/** Rows that one transaction looks at: a backlog of any size is taken in steps that no timeout can stop. */
const CHUNK_ROWS = 200_000;

/** What a detection in one table goes by. */
interface Look {
  readonly table: RawTable;
  readonly closedThrough: string;
  /** The highest id before the writers were asked for. */
  readonly candidate: string;
  /** Who holds safe_id back, for people, or null. */
  readonly heldBy: string | null;
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
  private readonly held = new Map<string, string>();

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly rawTableChecker: RawTableChecker,
  ) {}

  /**
   * @throws OpsRawTableError where a raw table is none that can be followed
   * @throws QueryFailedError as the database gives it; what was noted before stays noted.
   */
  public async detect(): Promise<DetectResult> {
    await this.rawTableChecker.check();
    const positions = await selectRows<sql.DetectPosition>(
      this.dataSource,
      sql.readPositions(this.tables, this.options.safeDelaySeconds),
    );
    const found: DetectResult[] = [];
    for (const table of rawTables(this.tables)) {
      const position = positions.find((row) => row.raw_table === table.key);
      if (position !== undefined && !position.idle) {
        found.push(await this.detectIn(table, position));
      }
    }
    return sum(found);
  }

  /** The position was read before: then who may hold a lower id is asked, then new snapshots taken. In this order. */
  private async detectIn(table: RawTable, position: sql.DetectPosition): Promise<DetectResult> {
    const look: Look = {
      table,
      closedThrough: position.closed_through,
      candidate: position.candidate ?? '0',
      heldBy: await this.writersInFlight(table),
    };
    this.sayWhoHolds(look);
    const found: DetectResult[] = [];
    for (let isLast = false; !isLast;) {
      const step = await shortTransaction(this.dataSource, this.options, (manager) =>
        this.step(manager, look, position.safe_id === null && found.length === 0),
      );
      found.push(step.found);
      isLast = step.isLast;
    }
    return sum(found);
  }

  /** Who may still hold an id below the candidate, after a short wait for them to end; null for nobody. */
  private async writersInFlight(table: RawTable): Promise<string | null> {
    const writers = await selectRows<sql.Writer>(this.dataSource, sql.writersOf(table));
    let ids = writers.map(({ writer }) => writer);
    for (let waited = 0; ids.length > 0 && waited < WRITER_WAIT_MS; waited += WRITER_POLL_MS) {
      await sleep(WRITER_POLL_MS);
      const still = await selectRows<{ writer: string }>(this.dataSource, sql.stillWriting(ids));
      ids = still.map(({ writer }) => writer);
    }
    const left = writers.filter(({ writer }) => ids.includes(writer)).map(({ description }) => description);
    return left.length === 0 ? null : left.slice(0, 5).join('; ');
  }

  /** Once per change: a transaction that is forgotten would otherwise fill the log. */
  private sayWhoHolds({ table, heldBy }: Look): void {
    const before = this.held.get(table.key);
    if (heldBy === null && before !== undefined) {
      this.logger.log(`Nobody holds detection in ${table.key} back any more`);
      this.held.delete(table.key);
    } else if (heldBy !== null && before !== heldBy) {
      // Busy writers come and go; only one that is still there at the next look is worth a line.
      if (before !== undefined) {
        this.logger.warn(`Detection in ${table.key} is held back by ${heldBy}; nothing is lost, rows are looked at again`);
      }
      this.held.set(table.key, heldBy);
    }
  }

  private async step(manager: EntityManager, look: Look, mayBeNew: boolean): Promise<Step> {
    if (mayBeNew && (await selectRow<{ is_new: boolean }>(manager, sql.startState(this.tables, look.table, look))).is_new) {
      return { found: await this.noteBackfill(manager, look), isLast: true };
    }
    const state = await selectRow<sql.LockedState>(manager, sql.lockState(this.tables, look.table));
    if (state.provisional && look.heldBy === null) {
      const found = await this.noteBackfill(manager, look);
      await this.advance(manager, look, { safeId: look.candidate, seenId: null });
      return { found, isLast: true };
    }
    if (state.head !== null && BigInt(state.head) < BigInt(state.safe_id)) {
      return this.startOver(manager, look, state.head);
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
  private async startOver(manager: EntityManager, look: Look, head: string): Promise<Step> {
    const { id } = await selectRow<{ id: string }>(manager, sql.restartBelow(look.table, head, CHUNK_ROWS));
    this.logger.warn(`The highest id of ${look.table.key} has fallen to ${head}: its rows above ${id} are looked at again`);
    await this.advance(manager, look, { safeId: id, seenId: null });
    return { found: NOTHING, isLast: false };
  }

  private async noteNext(manager: EntityManager, look: Look, state: sql.LockedState): Promise<Step> {
    const aboveId = look.heldBy === null ? state.safe_id : (state.seen_id ?? state.safe_id);
    const rows = await selectRow<notes.NotedRows>(
      manager,
      notes.noteNewRows(this.tables, look.table, {
        aboveId,
        throughId: look.candidate,
        rows: CHUNK_ROWS,
        retention: retentionHours(this.options),
      }),
    );
    const isLast = !rows.is_full;
    const through = isLast ? higher(look.candidate, aboveId) : (rows.through_id ?? aboveId);
    await this.advance(
      manager,
      look,
      look.heldBy === null ? { safeId: through, seenId: null } : { safeId: null, seenId: through },
      look.heldBy === null ? rows : undefined, // counted once, when they are looked at for the last time
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

  private async advance(
    manager: EntityManager,
    { table, closedThrough, heldBy }: Look,
    marks: { safeId: string | null; seenId: string | null },
    rows?: notes.NotedRows,
  ): Promise<void> {
    await selectRows(
      manager,
      sql.advanceState(this.tables, table, {
        closedThrough,
        heldBy,
        ...marks,
        lateRows: rows?.late_rows ?? '0',
        belowFloorRows: rows?.below_floor_rows ?? '0',
      }),
    );
  }
}

const higher = (a: string, b: string): string => (BigInt(a) > BigInt(b) ? a : b);
