import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { HOUR_TIER, MINUTE_TIER, type RawTier } from '../definitions/tiers.js';
import { restoreHours } from '../invalidation/sql/dropped-hours.sql.js';
import { retentionHours } from '../invalidation/sql/floors.sql.js';
import { OpsOptions } from '../options/ops.options.js';
import type { SideMode } from '../rollup/fragments/judged-sides.js';
import {
  upsertBuckets,
  type BucketToRecompute,
  type UpsertResult,
} from '../rollup/sql/upsert-buckets.sql.js';
import { selectRowByKeptPlan } from '../sql/kept-plans.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { claimBuckets, tierOf, type Claimable, type ClaimedBucket } from './sql/claim.sql.js';
import { releaseBuckets, type HeldBack } from './sql/release.sql.js';
import { BUCKETS, statementSize, type StatementSize } from './sql/statement-size.sql.js';

/** Of so few buckets planning takes longer than recomputing. A kept plan reckons with ten; Citus plans by what is bound. */
const FEW = 10;

/** What one transaction did to buckets of a tier that is computed from raw rows. */
export interface RecomputedRaw {
  readonly tier: RawTier;
  readonly minutes: number;
  readonly hours: number;
  readonly belowFloorHours: number;
  /** Those that lose rows, of which a side is held back or watched. */
  readonly held: readonly HeldBack[];
}

/** Minutes and hours, in the caller's transaction: claim, recompute from raw rows, release. */
@Injectable()
export class RawBuckets {
  public constructor(
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly defined: DefinedTables,
  ) {}

  /** Claims as many of the buckets that are due as their traffic, and the other workers of this instance, allow. */
  public async claim(
    manager: EntityManager,
    what: Claimable,
    bound: { readonly except: readonly string[]; readonly only: string | null; readonly due: number },
  ): Promise<ClaimedBucket[]> {
    const { safeDelaySeconds, lossDelaySeconds } = this.options;
    const limit = await this.limit(manager, what, bound);
    if (limit === null) {
      return [];
    }
    return selectRows<ClaimedBucket>(
      manager,
      claimBuckets(this.tables, what, {
        except: bound.except,
        only: bound.only,
        limit,
        safeDelaySeconds,
        lossDelaySeconds,
        retention: retentionHours(this.options),
      }),
    );
  }

  /** Resolves to null where others have taken what was due. */
  private async limit(
    manager: EntityManager,
    what: Claimable,
    { due, except }: { readonly due: number; readonly except: readonly string[] },
  ): Promise<number | null> {
    const { least, together } = BUCKETS[tierOf(what)];
    if (due <= least) {
      return due === 0 ? null : due;
    }
    const { safeDelaySeconds, drainConcurrency } = this.options;
    const size = statementSize(this.tables, what, { safeDelaySeconds, except });
    const { buckets } = await selectRow<StatementSize>(manager, size);
    return buckets === null
      ? null
      : Math.min(due, buckets, Math.max(together, Math.ceil(due / drainConcurrency)));
  }

  /**
   * Recomputes what was claimed, and releases it.
   *
   * @throws QueryFailedError as the database gives it
   */
  public async recompute(
    manager: EntityManager,
    tier: RawTier,
    claimed: readonly ClaimedBucket[],
  ): Promise<RecomputedRaw> {
    const due = claimed.filter(isRecomputed);
    const held = due.length === 0 ? [] : await this.upsert(manager, tier, due);
    const restored = due.filter((hour) => hour.below_floor).map(({ bucket }) => bucket);
    if (tier === HOUR_TIER && restored.length > 0) {
      await selectRow(manager, restoreHours(this.tables, restored));
    }
    await selectRow(
      manager,
      releaseBuckets(
        this.tables,
        tier,
        claimed.map(({ bucket }) => bucket),
        held,
        this.options.lossDelaySeconds,
      ),
    );
    const done = due.length - held.length;
    return tier === MINUTE_TIER
      ? { tier, minutes: done, hours: 0, belowFloorHours: 0, held }
      : { tier, minutes: 0, hours: done, belowFloorHours: claimed.length - due.length, held };
  }

  /** A statement of its own: its snapshot is taken now, after the claim. */
  private async upsert(
    manager: EntityManager,
    tier: RawTier,
    due: readonly ClaimedBucket[],
  ): Promise<readonly HeldBack[]> {
    const tables = await this.defined.current(manager);
    const statement = upsertBuckets(tables, tier, due.map(toRecompute), this.options);
    const { held } = await (due.length <= FEW && !tables.distributed.usage && !tables.distributed.errors
      ? selectRowByKeptPlan<UpsertResult>(manager, statement)
      : selectRow<UpsertResult>(manager, statement));
    return held.map(({ bucket, usage, errors, requests }) => ({
      bucket,
      suspicious: usage === 'hold' || errors === 'hold',
      requests,
    }));
  }
}

/** Buckets of its time are kept, and it may be recomputed. */
export const isRecomputed = ({ kept, below_floor: below, forced }: ClaimedBucket): boolean =>
  kept && (!below || forced);

function toRecompute(claimed: ClaimedBucket): BucketToRecompute {
  const { bucket, reason, forced, asked } = claimed;
  const mode = (below: boolean): SideMode =>
    forced ? 'take' : below ? 'keep' : reason === 'definition' ? 'redefine' : 'guard';
  return {
    bucket,
    usage: mode(claimed.usage_below),
    errors: mode(claimed.errors_below),
    asked,
    settled: asked || claimed.loss_settled,
  };
}
