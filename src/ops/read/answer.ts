import { HOUR_MS } from '../common/utc.js';
import { MeasuresAdder } from './measures.js';
import type { PeriodMeasures } from './measures.schemas.js';
import type { Freshness } from './read.schemas.js';
import type { ClockColumns, PeakRow, PieceRow, ReadRow } from './sql/piece-row.js';

/** Requests and tokens of one hour, as far as raw rows gave them. */
interface HourLoad {
  requests: number;
  tokens: number;
}

/** One key of a breakdown. */
export interface KeyAnswer {
  readonly key: string;
  readonly groupName: string | null;
  readonly groupPlatform: string | null;
  readonly adder: MeasuresAdder;
}

/** The rows of one read, sorted out: by segment and, in a breakdown, by key. */
export class Answer {
  public readonly now: Date;
  private readonly clock: ClockColumns;
  private readonly pieces: readonly PieceRow[];
  private readonly peaks: readonly PeakRow[];
  private segments: ReadonlyMap<number, MeasuresAdder> | undefined;

  public constructor(rows: readonly ReadRow[]) {
    const [first] = rows;
    if (first === undefined) {
      throw new Error('A read returned no row; it always has the clock.');
    }
    this.clock = first;
    this.now = new Date(first.now);
    this.pieces = rows.filter((row) => row.source !== null && row.source !== 'peak');
    this.peaks = rows.filter((row) => row.source === 'peak');
  }

  public freshness(to: Date): Freshness {
    const { stale_from: staleFrom, pending_hours: pendingHours, missing_hours: missingHours } = this.clock;
    return {
      freshThrough: staleFrom ?? new Date(this.endOf(to)).toISOString(),
      pendingHours,
      missingHours,
      missingFrom: this.clock.missing_from,
    };
  }

  /** Missing hours of the segments that the freshness does not speak of. */
  public get missingBefore(): number {
    return this.clock.missing_before;
  }

  /** One adder for each segment that has pieces. */
  public bySegment(): ReadonlyMap<number, MeasuresAdder> {
    this.segments ??= this.addersBy((row) => row.segment);
    return this.segments;
  }

  /** The pieces of each key of a breakdown added up, the busiest key first, and how many keys there are. */
  public byKey(): { readonly total: number; readonly keys: readonly KeyAnswer[] } {
    const firsts = new Map<string, PieceRow>();
    for (const row of this.pieces) {
      const key = row.key ?? '';
      firsts.set(key, firsts.get(key) ?? row);
    }
    const adders = this.addersBy((row) => row.key ?? '');
    const keys = [...firsts]
      .sort(([, a], [, b]) => (a.rank ?? 0) - (b.rank ?? 0))
      .map(([key, { group_name: groupName = null, group_platform: groupPlatform = null }]) => ({
        key,
        groupName,
        groupPlatform,
        adder: adders.get(key) ?? new MeasuresAdder(),
      }));
    return { total: this.pieces[0]?.total ?? 0, keys };
  }

  /** Seconds of [from, to) that have passed. */
  public seconds(from: Date, to: Date): number {
    return Math.max(0, Math.min(to.getTime(), this.now.getTime()) - from.getTime()) / 1000;
  }

  public period(segment: number, from: Date, to: Date, slowerThanMs: number | undefined): PeriodMeasures {
    const adder = this.bySegment().get(segment) ?? new MeasuresAdder();
    const busiest = this.busiestHour(segment);
    const hasWholeHour = Math.ceil(from.getTime() / HOUR_MS) < Math.floor(this.endOf(to) / HOUR_MS);
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      ...adder.measures(this.seconds(from, to)),
      slower: adder.slower(slowerThanMs),
      peakRequestsPerSecond: hasWholeHour ? busiest.requests / 3600 : null,
      peakTokensPerSecond: hasWholeHour ? busiest.tokens / 3600 : null,
    };
  }

  private endOf(to: Date): number {
    return Math.min(to.getTime(), this.now.getTime());
  }

  private busiestHour(segment: number): HourLoad {
    const stored = this.peaks.filter((row) => row.segment === segment);
    const loads = new Map<string, HourLoad>();
    for (const row of this.pieces) {
      if (row.segment === segment && row.whole_hour && row.starts !== null) {
        const load = loads.get(row.starts) ?? { requests: 0, tokens: 0 };
        load.requests += Number(row.success_count) + Number(row.error_count_total);
        load.tokens += Number(row.token_consumed);
        loads.set(row.starts, load);
      }
    }
    const requests = [...loads.values()].map((load) => load.requests);
    const tokens = [...loads.values()].map((load) => load.tokens);
    return {
      requests: Math.max(0, ...requests, ...stored.map((row) => Number(row.success_count))),
      tokens: Math.max(0, ...tokens, ...stored.map((row) => Number(row.token_consumed))),
    };
  }

  private addersBy<Key>(keyOf: (row: PieceRow) => Key): Map<Key, MeasuresAdder> {
    const adders = new Map<Key, MeasuresAdder>();
    for (const row of this.pieces) {
      const key = keyOf(row);
      const adder = adders.get(key) ?? new MeasuresAdder();
      adders.set(key, adder);
      adder.add(row);
    }
    return adders;
  }
}
