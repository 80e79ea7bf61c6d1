import { HOUR_MS } from '../common/utc.js';
import { latenciesOfPiece, type PieceLatencies, type RowsOfLevel } from './known-rows.js';
import { MeasuresAdder } from './measures.js';
import type { PeriodMeasures } from './measures.schemas.js';
import { LONGEST_PEAK_HOURS } from './read-plan.js';
import type { CurrentRates, Freshness } from './read.schemas.js';
import type { ClockColumns, PieceRow, RateRow, ReadRow } from './sql/piece-row.js';

/** Requests and tokens of one hour, or minute. */
interface Load {
  requests: number;
  tokens: number;
}

/** One key of a breakdown. */
export interface KeyNames {
  readonly key: string;
  readonly groupName: string | null;
  readonly groupPlatform: string | null;
  /** The words for the key of a set. */
  readonly label: string | null;
}

export interface KeyAnswer extends KeyNames {
  readonly adder: MeasuresAdder;
}

/** The rows of one read, sorted out: by segment and, in a breakdown, by key. */
export class Answer {
  /** The instant that the answer is of: nothing later is in it. */
  public readonly asOf: Date;
  private readonly clock: ClockColumns;
  private readonly pieces: readonly PieceRow[];
  private readonly rates: readonly RateRow[];
  private segments: ReadonlyMap<number, MeasuresAdder> | undefined;

  /** The latencies of each stored row of the answer, by its version. */
  public readonly rows = new Map<string, PieceLatencies>();

  /** @param known rows whose latencies were not sent */
  public constructor(rows: readonly ReadRow[], known: RowsOfLevel) {
    const [first] = rows;
    if (first === undefined) {
      throw new Error('A read returned no row; it always has the clock.');
    }
    this.clock = first;
    this.asOf = new Date(first.as_of);
    this.pieces = rows.filter(isPiece);
    this.rates = rows.filter(isRate);
    for (const row of this.pieces) {
      if (row.version !== null) {
        this.rows.set(row.version, known.get(row.version) ?? latenciesOfPiece(row));
      }
    }
  }

  public freshness(to: Date): Freshness {
    const { stale_from: staleFrom, pending_hours: pendingHours, missing_hours: missingHours } = this.clock;
    const asOf = new Date(this.endOf(to)).toISOString();
    return {
      asOf,
      recent: this.clock.recent,
      freshThrough: staleFrom ?? asOf,
      pendingHours,
      missingHours,
      missingFrom: this.clock.missing_from,
      unsliced:
        this.clock.unsliced_from === null || this.clock.unsliced_to === null
          ? null
          : {
              requests: Number(this.clock.unsliced_requests),
              from: this.clock.unsliced_from,
              to: this.clock.unsliced_to,
            },
    };
  }

  /** Missing hours of the segments that the freshness does not speak of. */
  public get missingBefore(): number {
    return this.clock.missing_before;
  }

  /** Requests without rows of the set, of the same segments. */
  public get unslicedBefore(): number {
    return Number(this.clock.unsliced_before);
  }

  /** One adder for each segment that has pieces. */
  public bySegment(): ReadonlyMap<number, MeasuresAdder> {
    this.segments ??= this.addersBy(this.pieces, (row) => row.segment);
    return this.segments;
  }

  /** How many keys a breakdown has, and the requests of all of them. */
  public get total(): { readonly keys: number; readonly requests: number } {
    const first = this.pieces.find(({ rank }) => rank != null);
    return { keys: first?.total ?? 0, requests: Number(first?.total_requests ?? 0) };
  }

  /** The pieces of each key of a breakdown added up, the busiest key first. @param segment only these */
  public byKey(segment?: number): readonly KeyAnswer[] {
    const pieces = this.pieces.filter((row) => segment === undefined || row.segment === segment);
    const adders = this.addersBy(pieces, (row) => row.key);
    return keysOf(pieces).map((names) => ({ ...names, adder: adders.get(names.key) ?? new MeasuresAdder() }));
  }

  /** The keys of a breakdown, the busiest first. */
  public get keys(): readonly KeyNames[] {
    return keysOf(this.pieces);
  }

  /**
   * For each segment what adds up its pieces by key, and without a key those of the total: made when it is asked for, since
   * those of all segments would be hundreds of megabytes.
   */
  public bySegmentAndKey(): (segment: number) => ReadonlyMap<string | null, MeasuresAdder> {
    const segments = new Map<number, PieceRow[]>();
    for (const row of this.pieces) {
      const pieces = segments.get(row.segment) ?? [];
      segments.set(row.segment, pieces);
      pieces.push(row);
    }
    return (segment) => this.addersBy(segments.get(segment) ?? [], (row) => row.key);
  }

  /** Seconds of [from, to) that had passed by then. */
  public seconds(from: Date, to: Date): number {
    return Math.max(0, Math.min(to.getTime(), this.asOf.getTime()) - from.getTime()) / 1000;
  }

  public period(segment: number, from: Date, to: Date, slowerThanMs: number | undefined): PeriodMeasures {
    const adder = this.bySegment().get(segment) ?? new MeasuresAdder();
    const busiest = this.busiestHour(segment);
    const hasWholeHour = Math.ceil(from.getTime() / HOUR_MS) < Math.floor(this.endOf(to) / HOUR_MS);
    const isKnown = hasWholeHour && to.getTime() - from.getTime() <= LONGEST_PEAK_HOURS * HOUR_MS;
    const minute = this.ratesOf('minute_peak', segment)[0];
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      ...adder.measures(this.seconds(from, to)),
      slower: adder.slower(slowerThanMs),
      peakRequestsPerSecond: isKnown ? busiest.requests / 3600 : null,
      peakTokensPerSecond: isKnown ? busiest.tokens / 3600 : null,
      peakMinuteRequestsPerSecond: minute === undefined ? null : minute.requests / 60,
      peakMinuteTokensPerSecond: minute === undefined ? null : minute.tokens / 60,
    };
  }

  /** Rates of the last whole minute, where a segment has it. */
  public current(segment: number): CurrentRates {
    const [minute] = this.ratesOf('current', segment);
    return minute?.starts == null
      ? null
      : {
          at: minute.starts,
          requestsPerSecond: minute.requests / 60,
          tokensPerSecond: minute.tokens / 60,
        };
  }

  private endOf(to: Date): number {
    return Math.min(to.getTime(), this.asOf.getTime());
  }

  private busiestHour(segment: number): Load {
    const stored = this.ratesOf('peak', segment);
    const loads = new Map<string, Load>();
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
      requests: Math.max(0, ...requests, ...stored.map((row) => row.requests)),
      tokens: Math.max(0, ...tokens, ...stored.map((row) => row.tokens)),
    };
  }

  private ratesOf(source: RateRow['source'], segment: number): (Load & { starts: string | null })[] {
    return this.rates
      .filter((row) => row.source === source && row.segment === segment)
      .map(({ starts, success_count: requests, token_consumed: tokens }) => ({
        starts,
        requests: Number(requests),
        tokens: Number(tokens),
      }));
  }

  private latenciesOf(row: PieceRow): PieceLatencies {
    return (row.version === null ? undefined : this.rows.get(row.version)) ?? latenciesOfPiece(row);
  }

  private addersBy<Key>(pieces: readonly PieceRow[], keyOf: (row: PieceRow) => Key): Map<Key, MeasuresAdder> {
    const adders = new Map<Key, MeasuresAdder>();
    for (const row of pieces) {
      const key = keyOf(row);
      const adder = adders.get(key) ?? new MeasuresAdder();
      adders.set(key, adder);
      adder.add(row, this.latenciesOf(row));
    }
    return adders;
  }
}

function keysOf(pieces: readonly PieceRow[]): KeyNames[] {
  const firsts = new Map<string, PieceRow>();
  for (const row of pieces) {
    if (row.key !== null && !firsts.has(row.key)) {
      firsts.set(row.key, row);
    }
  }
  return [...firsts]
    .sort(([, a], [, b]) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(([key, { group_name: groupName = null, group_platform: groupPlatform = null, label = null }]) => ({
      key,
      groupName,
      groupPlatform,
      label,
    }));
}

const isRate = (row: ReadRow): row is ClockColumns & RateRow =>
  row.source === 'peak' || row.source === 'minute_peak' || row.source === 'current';

const isPiece = (row: ReadRow): row is ClockColumns & PieceRow => row.source !== null && !isRate(row);
