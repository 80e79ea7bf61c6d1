import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { DAY_TIER, HOUR_TIER, MINUTE_TIER } from '../definitions/tiers.js';
import { DAY_MS } from '../common/utc.js';
import { OpsOptions } from '../options/ops.options.js';
import { purgeEdges, type PurgeEdges } from '../rollup/sql/purge-edges.sql.js';
import { upsertDailyRange, type UpsertDailyResult } from '../rollup/sql/upsert-daily.sql.js';
import type { InvalidationReason } from '../invalidation/invalidation-reason.js';
import { shortTransaction } from '../sql/short-transaction.js';
import { noteHoursWithoutDistribution } from '../invalidation/sql/dropped-hours.sql.js';
import { advanceLive } from '../invalidation/sql/live.sql.js';
import * as claims from './sql/claim.sql.js';
import * as releases from './sql/release.sql.js';
import { isRecomputed, RawBuckets } from './raw-buckets.service.js';
import {
  RecomputeFailure,
  type Bucket,
  type BusyDay,
  type Claim,
  type RecomputedBuckets,
} from './recomputed-buckets.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';

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
   * one, due hours; and minutes that have never been computed last.
   *
   * @returns null where nothing is due
   * @throws RecomputeFailure with what the database gave; nothing is changed then
   */
  public async recomputeNext(claim: Claim): Promise<RecomputedBuckets | BusyDay | null> {
    const inWork: Bucket[] = [];
    try {
      return await shortTransaction(
        this.dataSource,
        this.options,
        async (manager) =>
          (await this.recomputeMinutes(manager, 'minutes', claim, inWork)) ??
          (await this.recomputeNextDay(manager, claim, inWork)) ??
          (await this.recomputeNextHours(manager, claim, inWork)) ??
          this.recomputeMinutes(manager, 'backfilled minutes', claim, inWork),
      );
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
    const day = claim.due.days === 0 ? undefined : await this.claimDay(manager, claim);
    if (day === undefined) {
      return null;
    }
    inWork.push({ tier: DAY_TIER, start: day.day });
    return (await this.lock(manager, [day.day])) ?? this.recomputeDay(manager, day);
  }

  private async recomputeNextHours(
    manager: EntityManager,
    claim: Claim,
    inWork: Bucket[],
  ): Promise<RecomputedBuckets | BusyDay | null> {
    const hours = await this.claim(manager, 'hours', claim, inWork);
    if (hours.length === 0) {
      return null;
    }
    const days = [...new Set(hours.map(({ day }) => day))];
    const busy = await this.lock(manager, days);
    if (busy !== null) {
      return busy;
    }
    const done = await this.raw.recompute(manager, HOUR_TIER, hours);
    const recomputed = hours.filter(isRecomputed);
    const notes = days
      .map((day) =>
        this.noteOf(
          day,
          recomputed.filter((hour) => hour.day === day),
          claim.asked,
        ),
      )
      .filter((note) => note !== null);
    // Last: whoever computes another hour of such a day waits for it.
    await selectRow(manager, releases.noteDays(this.tables, notes));
    return { ...NOTHING, ...done };
  }

  private noteOf(
    day: string,
    hours: readonly claims.ClaimedBucket[],
    asked: boolean,
  ): releases.DayNote | null {
    const isLate = !asked && hours.every((hour) => !hour.asked && RESTS.has(hour.reason));
    return hours.length === 0
      ? null
      : {
          day,
          reason: 'hours',
          forced: hours.some(({ forced, reason }) => forced || MEANS_ANOTHER.has(reason)),
          restSeconds: isLate ? this.options.recomputeIntervalSeconds : 0,
        };
  }

  private async claim(
    manager: EntityManager,
    what: claims.Claimable,
    { except, only, due }: Claim,
    inWork: Bucket[],
  ): Promise<claims.ClaimedBucket[]> {
    const claimed = await this.raw.claim(manager, what, {
      except,
      only: only?.start ?? null,
      due: due[what],
    });
    inWork.push(...claimed.map(({ bucket }): Bucket => ({ tier: claims.tierOf(what), start: bucket })));
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

  /** Resolves to null once all are had. */
  private async lock(manager: EntityManager, days: readonly string[]): Promise<BusyDay | null> {
    const { busy } = await selectRow<{ busy: string | null }>(manager, claims.lockDays(days, 'shared'));
    return busy === null ? null : { busyDay: busy };
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
        await selectRow(
          manager,
          releases.noteDays(this.tables, [{ day, reason: 'restored', forced, restSeconds: 0 }]),
        );
        return { ...NOTHING };
      }
    }
    const start = new Date(day);
    const range = { start, end: new Date(start.getTime() + DAY_MS) };
    const { held } = await selectRow<UpsertDailyResult>(
      manager,
      upsertDailyRange(await this.defined.current(manager), range, {
        distributions: this.options.distributions,
        guarded: forced ? undefined : await selectRow<PurgeEdges>(manager, purgeEdges(this.tables)),
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

/** What comes again and again: a day merges what has come in the meantime at once. */
const RESTS: ReadonlySet<InvalidationReason> = new Set(['new_rows', 'audit']);
