import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { OpsOptions } from '../ops.options.js';
import { NOTHING, sum, type DetectResult } from './detect-result.js';
import { rawTables, type RawTable, type RawTableKey } from './raw-tables.js';
import { shortTransaction } from './short-transaction.js';
import * as sql from './sql/detect.sql.js';
import * as notes from './sql/note.sql.js';
import { shortestRetentionHours } from './sql/recompute-floor.sql.js';

/** How long detection waits for writers in flight before it leaves safe_id where it is, in milliseconds. */
const WRITER_WAIT_MS = 500;
const WRITER_POLL_MS = 20;

/**
 * Finds the hours that have new raw rows, by id and not by time, and notes them as invalidations. It takes no lock on
 * a raw table beyond that of a SELECT. Any number of instances may run it at once.
 */
@Injectable()
export class DetectService {
  private readonly logger = new Logger('OpsDetect');
  private readonly lookBacks = new Map<RawTableKey, bigint>();

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
  ) {}

  /** @throws QueryFailedError as the database gives it; what was noted before stays noted. */
  public async detect(): Promise<DetectResult> {
    const positions = await selectRows<sql.DetectPosition>(
      this.dataSource,
      sql.readPositions(this.tables, this.options.safeDelaySeconds),
    );
    const found: DetectResult[] = [];
    for (const table of rawTables(this.tables)) {
      const position = positions.find((row) => row.raw_table === table.key);
      const lookBack = await this.lookBackOf(table);
      this.warnOfReset(table, position);
      if (position !== undefined && (!position.idle || lookBack > 0n)) {
        // The overlap is noted once, with the table that has nearly all of the rows.
        const wantsOverlap = position.hour_closed === true || (position.safe_id !== null && lookBack > 0n);
        if (table.key === 'usage_logs' && wantsOverlap) {
          found.push(await this.noteOverlap(table, position, lookBack));
        }
        found.push(await this.detectIn(table, position, lookBack));
      }
    }
    return sum(found);
  }

  /** Ids that start anew (TRUNCATE … RESTART IDENTITY, a restore) would stay below safe_id and unseen. */
  private warnOfReset(table: RawTable, position: sql.DetectPosition | undefined): void {
    const { candidate = null, safe_id = null } = position ?? {};
    if (candidate !== null && safe_id !== null && BigInt(candidate) < BigInt(safe_id)) {
      this.logger.warn(
        `The highest id of ${table.key} is ${candidate}, below ${safe_id}, up to which its rows have been seen. ` +
          'If its ids started anew, new rows stay unseen until they pass that one: run verify --fix.',
      );
    }
  }

  /** The position was read before: then who may hold a lower id is asked, then a new snapshot taken. In this order. */
  private async detectIn(
    table: RawTable,
    position: sql.DetectPosition,
    lookBack: bigint,
  ): Promise<DetectResult> {
    const candidate = (await this.writersHaveEnded(table)) ? (position.candidate ?? '0') : null;
    const at = { closedThrough: position.closed_through, candidate };
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      const started = await this.startIfNew(manager, table, at);
      const noted = started ?? (await this.noteNew(manager, table, position, lookBack));
      await selectRows(
        manager,
        sql.advanceState(this.tables, table, {
          ...at,
          lateRows: String(noted.lateRows),
          belowFloorRows: String(noted.belowFloorRows),
        }),
      );
      return noted;
    });
  }

  /** True once every transaction that may hold an id below the candidate has ended. */
  private async writersHaveEnded(table: RawTable): Promise<boolean> {
    let writers = await selectRows<{ writer: string }>(this.dataSource, sql.writersOf(table));
    for (let waited = 0; writers.length > 0 && waited < WRITER_WAIT_MS; waited += WRITER_POLL_MS) {
      await sleep(WRITER_POLL_MS);
      const ids = writers.map(({ writer }) => writer);
      writers = await selectRows<{ writer: string }>(this.dataSource, sql.stillWriting(ids));
    }
    return writers.length === 0;
  }

  /**
   * Until a table is followed, each run notes the whole backfill. Null where it is followed already.
   *
   * @param at the id to follow the table from, or null while writers are in flight: what they hold may be below every
   * id that can be seen, so that no id is safe yet
   */
  private async startIfNew(
    manager: EntityManager,
    table: RawTable,
    at: { closedThrough: string; candidate: string | null },
  ): Promise<DetectResult | null> {
    const { is_new: isNew } = await selectRow<{ is_new: boolean }>(
      manager,
      sql.startState(this.tables, table, at),
    );
    if (!isNew) {
      return null;
    }
    const { hours } = await selectRow<{ hours: number }>(
      manager,
      notes.noteBackfill(this.tables, table, {
        backfillHours: this.options.backfillDays * 24,
        retentionHours: shortestRetentionHours(this.options),
      }),
    );
    this.logger.log(
      `First run on ${table.key}: ${hours} hours noted for backfill` +
        (at.candidate === null ? '; writers are in flight, the next run starts again' : ''),
    );
    return { ...NOTHING, detectedHours: hours };
  }

  /**
   * Notes the hours before those that closed. A transaction of its own: each transaction notes in bucket order, in one
   * statement, since one that went back to older hours would deadlock with another instance's.
   */
  private async noteOverlap(
    table: RawTable,
    { closed_through: closedThrough }: sql.DetectPosition,
    lookBack: bigint,
  ): Promise<DetectResult> {
    const { overlapHours, backfillDays } = this.options;
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      const state = await selectRow<sql.LockedState>(
        manager,
        sql.lockState(this.tables, table, closedThrough),
      );
      if (!state.hour_closed && lookBack === 0n) {
        return NOTHING; // another instance was first
      }
      const { hours } = await selectRow<{ hours: number }>(
        manager,
        notes.noteOverlap(this.tables, table, {
          closedThrough,
          overlapHours,
          retentionHours: shortestRetentionHours(this.options),
          backfillHours: backfillDays * 24,
          withLastClosed: lookBack > 0n,
        }),
      );
      await selectRows(
        manager,
        sql.advanceState(this.tables, table, {
          closedThrough,
          candidate: null,
          lateRows: '0',
          belowFloorRows: '0',
        }),
      );
      return { ...NOTHING, detectedHours: hours };
    });
  }

  private async noteNew(
    manager: EntityManager,
    table: RawTable,
    position: sql.DetectPosition,
    lookBack: bigint,
  ): Promise<DetectResult> {
    const retentionHours = shortestRetentionHours(this.options);
    const state = await selectRow<sql.LockedState>(
      manager,
      sql.lockState(this.tables, table, position.closed_through),
    );
    const rows = await selectRow<notes.NotedRows>(
      manager,
      notes.noteNewRows(this.tables, table, {
        aboveId: String(BigInt(state.safe_id) - lookBack),
        safeId: state.safe_id,
        retentionHours,
      }),
    );
    return {
      detectedHours: rows.hours,
      lateRows: Number(rows.late_rows),
      oldestLateSeconds: rows.latest_by_seconds,
      belowFloorRows: Number(rows.below_floor_rows),
    };
  }

  /**
   * How many ids below safe_id have to be looked at again each time: none, unless the sequence hands out ids in
   * blocks, which each session may use up at any later time.
   */
  private async lookBackOf(table: RawTable): Promise<bigint> {
    const known = this.lookBacks.get(table.key);
    if (known !== undefined) {
      return known;
    }
    const { cache, sessions } = await selectRow<{ cache: string; sessions: string }>(
      this.dataSource,
      sql.sequenceCache(table),
    );
    const lookBack = BigInt(cache) > 1n ? BigInt(cache) * BigInt(sessions) : 0n;
    if (lookBack > 0n) {
      this.logger.warn(
        `The id sequence of ${table.key} has CACHE ${cache}: each tick looks ${lookBack.toString()} ids and ` +
          `${this.options.overlapHours} hours back. Set CACHE 1, or run verify from time to time.`,
      );
    }
    this.lookBacks.set(table.key, lookBack);
    return lookBack;
  }
}
