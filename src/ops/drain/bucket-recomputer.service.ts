import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { DAY_TIER, HOUR_TIER, type Tier } from '../definitions/tiers.js';
import { DAY_MS } from '../common/utc.js';
import { OpsOptions } from '../options/ops.options.js';
import type { SideMode } from '../rollup/fragments/judged-sides.js';
import { upsertDailyRange, type UpsertDailyResult } from '../rollup/sql/upsert-daily.sql.js';
import {
  upsertHours,
  type HeldHour,
  type HourToRecompute,
  type UpsertHourlyResult,
} from '../rollup/sql/upsert-hourly.sql.js';
import type { InvalidationReason } from '../invalidation/invalidation-reason.js';
import { shortTransaction } from '../sql/short-transaction.js';
import { noteHoursWithoutDistribution, restoreHours } from '../invalidation/sql/dropped-hours.sql.js';
import * as claims from './sql/claim.sql.js';
import * as releases from './sql/release.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';

/** A bucket that a transaction works on. */
export interface Bucket {
  readonly tier: Tier;
  /** ISO, UTC. */
  readonly start: string;
}

/** What one transaction did. */
export interface RecomputedBuckets {
  readonly hours: number;
  readonly days: number;
  readonly belowFloorHours: number;
  /** Hours that lose rows, of which a side is held back or watched. */
  readonly held: readonly releases.HeldBack[];
  /** Days (YYYY-MM-DD) held back. */
  readonly heldDays: readonly string[];
}

/** What a transaction is to take. */
export interface Claim {
  /** UTC midnights (ISO) of days that are left alone. */
  readonly except: readonly string[];
  /** The only bucket to take, or null for the next that is due. */
  readonly only: Bucket | null;
  /** How many hours at the most. */
  readonly hours: number;
}

/** The transaction could not be ended; it says which buckets it had in work. */
export class RecomputeFailure extends Error {
  public override readonly name = 'RecomputeFailure';

  public constructor(
    public readonly buckets: readonly Bucket[],
    public override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Somebody who deletes rows of the day has it. */
export interface BusyDay {
  readonly busyDay: string;
}

/** The one transaction that everything comes down to: claim, recompute, note what follows, release. */
@Injectable()
export class BucketRecomputer {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly defined: DefinedTables,
  ) {}

  /**
   * Recomputes the newest day that is due and whose hours are quiet; without one, due hours of the newest day that has
   * any.
   *
   * @returns null where nothing is due
   * @throws RecomputeFailure with what the database gave; nothing is changed then
   */
  public async recomputeNext(claim: Claim): Promise<RecomputedBuckets | BusyDay | null> {
    const inWork: Bucket[] = [];
    try {
      return await shortTransaction(this.dataSource, this.options, async (manager) => {
        const day = claim.only?.tier === HOUR_TIER ? undefined : await this.claimDay(manager, claim);
        if (day !== undefined) {
          inWork.push({ tier: DAY_TIER, start: day.day });
          return (await this.lock(manager, day.day)) ? this.recomputeDay(manager, day) : { busyDay: day.day };
        }
        const hours = claim.only?.tier === DAY_TIER ? [] : await this.claimHours(manager, claim);
        const [first] = hours;
        if (first === undefined) {
          return null;
        }
        inWork.push(...hours.map(({ hour }) => ({ tier: HOUR_TIER, start: hour }) as const));
        return (await this.lock(manager, first.day))
          ? this.recomputeHours(manager, first.day, hours)
          : { busyDay: first.day };
      });
    } catch (error) {
      throw new RecomputeFailure(inWork, error);
    }
  }

  private async claimDay(manager: EntityManager, claim: Claim): Promise<claims.ClaimedDay | undefined> {
    const [day] = await selectRows<claims.ClaimedDay>(
      manager,
      claims.claimDay(this.tables, {
        safeDelaySeconds: this.options.safeDelaySeconds,
        except: claim.except,
        only: claim.only?.start ?? null,
      }),
    );
    return day;
  }

  private claimHours(manager: EntityManager, claim: Claim): Promise<claims.ClaimedHour[]> {
    const { safeDelaySeconds, lossDelaySeconds } = this.options;
    return selectRows<claims.ClaimedHour>(
      manager,
      claims.claimHours(this.tables, {
        safeDelaySeconds,
        lossDelaySeconds,
        except: claim.except,
        only: claim.only?.start ?? null,
        limit: claim.hours,
        retention: retentionHours(this.options),
      }),
    );
  }

  private async lock(manager: EntityManager, day: string): Promise<boolean> {
    return (await selectRow<{ locked: boolean }>(manager, claims.lockDay(day, 'shared'))).locked;
  }

  private async recomputeHours(
    manager: EntityManager,
    day: string,
    claimed: readonly claims.ClaimedHour[],
  ): Promise<RecomputedBuckets> {
    const due = claimed.filter((hour) => !hour.below_floor || hour.forced);
    const held = due.length === 0 ? [] : await this.recompute(manager, due);
    const restored = due.filter((hour) => hour.below_floor).map(({ hour }) => hour);
    if (restored.length > 0) {
      await selectRow(manager, restoreHours(this.tables, restored));
    }
    await selectRow(
      manager,
      releases.releaseHours(
        this.tables,
        claimed.map(({ hour }) => hour),
        held,
        this.options.lossDelaySeconds,
      ),
    );
    if (due.length > 0) {
      // Last: whoever computes another hour of the day waits for it.
      const forced = due.some(({ forced, reason }) => forced || MEANS_ANOTHER.has(reason));
      await selectRow(manager, releases.noteDay(this.tables, day, { forced }));
    }
    return {
      ...NOTHING,
      hours: due.length - held.length,
      belowFloorHours: claimed.length - due.length,
      held,
    };
  }

  /** A statement of its own: its snapshot is taken now, after the claim. */
  private async recompute(
    manager: EntityManager,
    due: readonly claims.ClaimedHour[],
  ): Promise<readonly releases.HeldBack[]> {
    const { held } = await selectRow<UpsertHourlyResult>(
      manager,
      upsertHours(await this.defined.current(manager), due.map(toRecompute), this.options),
    );
    return held.map(toHeldBack);
  }

  private async recomputeDay(
    manager: EntityManager,
    { day, reason, forced }: claims.ClaimedDay,
  ): Promise<RecomputedBuckets> {
    if (this.options.distributions && reason !== 'restored') {
      // Else part of a day would pass for the whole: the hours come first, and the day after them once more.
      const { hours } = await selectRow<{ hours: number }>(
        manager,
        noteHoursWithoutDistribution(this.tables, day, retentionHours(this.options)),
      );
      if (hours > 0) {
        await selectRow(manager, releases.noteDay(this.tables, day, { reason: 'restored', forced }));
        return { ...NOTHING };
      }
    }
    const start = new Date(day);
    const range = { start, end: new Date(start.getTime() + DAY_MS) };
    const { held } = await selectRow<UpsertDailyResult>(
      manager,
      upsertDailyRange(await this.defined.current(manager), range, {
        distributions: this.options.distributions,
        guarded: !forced,
      }),
    );
    await selectRow(manager, releases.releaseDay(this.tables, day, { held: held.length > 0 }));
    return { ...NOTHING, days: 1 - held.length, heldDays: held };
  }
}

const NOTHING: RecomputedBuckets = { hours: 0, days: 0, belowFloorHours: 0, held: [], heldDays: [] };

/** What makes an hour's counts fall for another reason than that rows have gone. */
const MEANS_ANOTHER: ReadonlySet<InvalidationReason> = new Set(['definition', 'by_hand']);

function toRecompute(claimed: claims.ClaimedHour): HourToRecompute {
  const { hour, reason, forced, asked } = claimed;
  const mode = (below: boolean): SideMode =>
    forced ? 'take' : below ? 'keep' : reason === 'definition' ? 'redefine' : 'guard';
  return {
    hour,
    usage: mode(claimed.usage_below),
    errors: mode(claimed.errors_below),
    asked,
    settled: asked || claimed.loss_settled,
  };
}

function toHeldBack({ hour, usage, errors, requests }: HeldHour): releases.HeldBack {
  return { hour, suspicious: usage === 'hold' || errors === 'hold', requests };
}
