import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER, type Tier } from '../definitions/tiers.js';
import { DAY_MS } from '../common/utc.js';
import { OpsOptions } from '../options/ops.options.js';
import { upsertDailyRange, type UpsertDailyResult } from '../rollup/sql/upsert-daily.sql.js';
import type { InvalidationReason } from '../invalidation/invalidation-reason.js';
import { shortTransaction } from '../sql/short-transaction.js';
import { noteHoursWithoutDistribution } from '../invalidation/sql/dropped-hours.sql.js';
import { advanceLive } from '../invalidation/sql/live.sql.js';
import * as claims from './sql/claim.sql.js';
import * as releases from './sql/release.sql.js';
import type { StatementSize } from './sql/statement-size.sql.js';
import { isRecomputed, RawBuckets, type RecomputedRaw } from './raw-buckets.service.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';

/** A bucket that a transaction works on. */
export interface Bucket {
  readonly tier: Tier;
  /** ISO, UTC. */
  readonly start: string;
}

/** What one transaction did. */
export interface RecomputedBuckets extends RecomputedRaw {
  readonly days: number;
  /** Days (YYYY-MM-DD) held back. */
  readonly heldDays: readonly string[];
}

/** What a transaction is to take. */
export interface Claim {
  /** UTC midnights (ISO) of days that are left alone. */
  readonly except: readonly string[];
  /** The only bucket to take, or null for the next that is due. */
  readonly only: Bucket | null;
  /** How many at the most. */
  readonly limit: StatementSize;
  /** Instant (ISO) at which every new row was noted: minutes that are written are complete up to it. Null: not known. */
  readonly through: string | null;
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
    private readonly raw: RawBuckets,
  ) {}

  /**
   * Recomputes due minutes, the newest first; without any, the newest day that is due and whose hours are quiet; without
   * one, due hours of the newest day that has any; and minutes that have never been computed last.
   *
   * @returns null where nothing is due
   * @throws RecomputeFailure with what the database gave; nothing is changed then
   */
  public async recomputeNext(claim: Claim): Promise<RecomputedBuckets | BusyDay | null> {
    const inWork: Bucket[] = [];
    const only = claim.only?.tier ?? null;
    const wants = (tier: Tier): boolean => only === null || only === tier;
    try {
      return await shortTransaction(this.dataSource, this.options, async (manager) => {
        const next =
          (wants(MINUTE_TIER) ? await this.recomputeMinutes(manager, 'minutes', claim, inWork) : null) ??
          (wants(DAY_TIER) ? await this.recomputeNextDay(manager, claim, inWork) : null) ??
          (wants(HOUR_TIER) ? await this.recomputeNextHours(manager, claim, inWork) : null);
        return (
          next ??
          (wants(MINUTE_TIER) ? this.recomputeMinutes(manager, 'backfilled minutes', claim, inWork) : null)
        );
      });
    } catch (error) {
      throw new RecomputeFailure(inWork, error);
    }
  }

  private async recomputeMinutes(
    manager: EntityManager,
    what: claims.Claimable,
    claim: Claim,
    inWork: Bucket[],
  ): Promise<RecomputedBuckets | null> {
    const minutes = await this.claim(manager, what, claim, inWork);
    if (minutes.length === 0) {
      return null;
    }
    const done = await this.raw.recompute(manager, MINUTE_TIER, minutes);
    if (claim.through !== null) {
      // With the rows that make it true: whoever reads sees both, or neither.
      await selectRow(manager, advanceLive(this.tables, claim.through));
    }
    return { ...NOTHING, ...done };
  }

  private async recomputeNextDay(
    manager: EntityManager,
    claim: Claim,
    inWork: Bucket[],
  ): Promise<RecomputedBuckets | BusyDay | null> {
    const day = await this.claimDay(manager, claim);
    if (day === undefined) {
      return null;
    }
    inWork.push({ tier: DAY_TIER, start: day.day });
    return (await this.lock(manager, day.day)) ? this.recomputeDay(manager, day) : { busyDay: day.day };
  }

  private async recomputeNextHours(
    manager: EntityManager,
    claim: Claim,
    inWork: Bucket[],
  ): Promise<RecomputedBuckets | BusyDay | null> {
    const hours = await this.claim(manager, 'hours', claim, inWork);
    const [first] = hours;
    if (first === undefined) {
      return null;
    }
    if (!(await this.lock(manager, first.day))) {
      return { busyDay: first.day };
    }
    const done = await this.raw.recompute(manager, HOUR_TIER, hours);
    if (hours.length > done.belowFloorHours) {
      // Last: whoever computes another hour of the day waits for it.
      const forced = hours.some(
        (hour) => isRecomputed(hour) && (hour.forced || MEANS_ANOTHER.has(hour.reason)),
      );
      await selectRow(manager, releases.noteDay(this.tables, first.day, { forced }));
    }
    return { ...NOTHING, ...done };
  }

  private async claim(
    manager: EntityManager,
    what: claims.Claimable,
    { except, only, limit }: Claim,
    inWork: Bucket[],
  ): Promise<claims.ClaimedBucket[]> {
    const claimed = await this.raw.claim(manager, what, {
      except,
      only: only?.start ?? null,
      limit: what === 'hours' ? limit.hours : limit.minutes,
    });
    const tier = what === 'hours' ? HOUR_TIER : MINUTE_TIER;
    inWork.push(...claimed.map(({ bucket }): Bucket => ({ tier, start: bucket })));
    return claimed;
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

  private async lock(manager: EntityManager, day: string): Promise<boolean> {
    return (await selectRow<{ locked: boolean }>(manager, claims.lockDay(day, 'shared'))).locked;
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

const NOTHING: RecomputedBuckets = {
  minutes: 0,
  hours: 0,
  days: 0,
  belowFloorHours: 0,
  tier: HOUR_TIER,
  held: [],
  heldDays: [],
};

/** What makes an hour's counts fall for another reason than that rows have gone. */
const MEANS_ANOTHER: ReadonlySet<InvalidationReason> = new Set(['definition', 'by_hand']);
