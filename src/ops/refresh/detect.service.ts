import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../metrics/ops-tables.js';
import { selectRow, selectRows } from '../metrics/sql-runner.js';
import { OpsOptions } from '../ops.options.js';
import { rawTables, type RawTable, type RawTableKey } from './raw-tables.js';
import { shortTransaction } from './short-transaction.js';
import * as sql from './sql/detect.sql.js';
import { shortestRetentionHours } from './sql/raw-floor.sql.js';

/** How long detection waits for writers in flight before it leaves safe_id where it is, in milliseconds. */
const WRITER_WAIT_MS = 500;
const WRITER_POLL_MS = 20;

/** What one detection found, over both raw tables. */
export interface DetectResult {
  /** Noted hours; an hour with new rows in both tables counts twice. */
  readonly detectedHours: number;
  /** Rows first seen after their hour had been closed. */
  readonly lateRows: number;
  /** Age of the oldest of them, in seconds, or null. */
  readonly oldestLateSeconds: number | null;
  /** Rows dated below the raw floor: counted, not applied. */
  readonly belowFloorRows: number;
}

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
      if (position !== undefined && (!position.idle || lookBack > 0n)) {
        found.push(await this.detectIn(table, position.candidate ?? '0', lookBack));
      }
    }
    return sum(found);
  }

  /** `candidate` was read before: then who may hold a lower id is asked, then a new snapshot taken. In this order. */
  private async detectIn(table: RawTable, candidate: string, lookBack: bigint): Promise<DetectResult> {
    const settled = await this.writersHaveEnded(table);
    return shortTransaction(this.dataSource, this.options, async (manager) => {
      const started = await this.startIfNew(manager, table);
      const noted = started ?? (await this.noteNew(manager, table, lookBack));
      await selectRows(
        manager,
        sql.advanceState(this.tables, table, {
          safeDelaySeconds: this.options.safeDelaySeconds,
          candidate: settled ? candidate : null,
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

  /** The first run notes the backfill. Null where the table is followed already. */
  private async startIfNew(manager: EntityManager, table: RawTable): Promise<DetectResult | null> {
    const bound = {
      safeDelaySeconds: this.options.safeDelaySeconds,
      backfillHours: this.options.backfillDays * 24,
      retentionHours: shortestRetentionHours(this.options.rawRetentionDays),
    };
    const started = await selectRows(manager, sql.startState(this.tables, table, bound));
    if (started.length === 0) {
      return null;
    }
    const { hours } = await selectRow<{ hours: number }>(
      manager,
      sql.noteBackfill(this.tables, table, bound),
    );
    this.logger.log(`First run on ${table.key}: ${hours} hours noted for backfill`);
    return { ...NOTHING, detectedHours: hours };
  }

  private async noteNew(manager: EntityManager, table: RawTable, lookBack: bigint): Promise<DetectResult> {
    const { safeDelaySeconds, overlapHours, backfillDays } = this.options;
    const retentionHours = shortestRetentionHours(this.options.rawRetentionDays);
    const state = await selectRow<{ safe_id: string; hour_closed: boolean }>(
      manager,
      sql.lockState(this.tables, table, safeDelaySeconds),
    );
    const rows = await selectRow<sql.NotedRows>(
      manager,
      sql.noteNewRows(this.tables, table, {
        aboveId: String(BigInt(state.safe_id) - lookBack),
        retentionHours,
      }),
    );
    // The overlap is noted once, with the table that has nearly all of the rows.
    const wantsOverlap = table.key === 'usage_logs' && (state.hour_closed || lookBack > 0n);
    const overlap = wantsOverlap
      ? await selectRow<{ hours: number }>(
          manager,
          sql.noteOverlap(this.tables, table, {
            safeDelaySeconds,
            overlapHours,
            retentionHours,
            backfillHours: backfillDays * 24,
            withLastClosed: lookBack > 0n,
          }),
        )
      : { hours: 0 };
    return {
      detectedHours: rows.hours + overlap.hours,
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

const NOTHING: DetectResult = { detectedHours: 0, lateRows: 0, oldestLateSeconds: null, belowFloorRows: 0 };

function sum(results: readonly DetectResult[]): DetectResult {
  return results.reduce(
    (total, result) => ({
      detectedHours: total.detectedHours + result.detectedHours,
      lateRows: total.lateRows + result.lateRows,
      oldestLateSeconds:
        result.oldestLateSeconds === null
          ? total.oldestLateSeconds
          : Math.max(result.oldestLateSeconds, total.oldestLateSeconds ?? 0),
      belowFloorRows: total.belowFloorRows + result.belowFloorRows,
    }),
    NOTHING,
  );
}
