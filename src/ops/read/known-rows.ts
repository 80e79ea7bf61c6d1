import { DISTRIBUTED, type Distributed } from '../definitions/definitions.js';
import { latenciesOf, type Latencies } from './distribution.js';
import type { PieceRow } from './sql/piece-row.js';

/** What is distributed of a piece; null where it has none, or no distribution of them. */
export type PieceLatencies = Readonly<Record<Distributed, Latencies | null>>;

/** Rows of one level, by their version. */
export type RowsOfLevel = ReadonlyMap<string, PieceLatencies>;

/** Most values that are kept in memory, of all rows together: eighteen bytes each. */
const MOST_VALUES = 2_000_000;
/** Most rows of one level: their versions are sent with the question. */
const MOST_ROWS = 2_000;

/**
 * Distributions of metrics rows that this instance has read before. A row that is written anew has another version, and
 * nearly all rows of an answer are those of the answer before: they need not be sent, which is most of what an answer
 * costs. The database says with each answer which versions there are, so that nothing old is ever taken for new.
 */
export class KnownRows {
  /** The level that was asked for last is the last one. */
  private readonly levels = new Map<string, Map<string, PieceLatencies>>();
  private values = 0;

  /** As it is now: rows that are put out later are still in it. */
  public of(level: string): RowsOfLevel {
    return new Map(this.levels.get(level));
  }

  /** Keeps what an answer was made of. */
  public keep(level: string, rows: RowsOfLevel): void {
    const kept = this.levels.get(level) ?? new Map<string, PieceLatencies>();
    this.levels.delete(level);
    this.levels.set(level, kept);
    for (const [version, latencies] of rows) {
      // What was asked for last is the last one.
      this.values += kept.delete(version) ? 0 : sizeOf(latencies);
      kept.set(version, latencies);
    }
    this.shrink(kept, (size) => size > MOST_ROWS);
    for (const [name, others] of this.levels) {
      this.shrink(others, () => this.values > MOST_VALUES);
      if (others.size === 0) {
        this.levels.delete(name);
      }
    }
  }

  private shrink(rows: Map<string, PieceLatencies>, isTooMuch: (size: number) => boolean): void {
    for (const [version, latencies] of rows) {
      if (!isTooMuch(rows.size)) {
        return;
      }
      rows.delete(version);
      this.values -= sizeOf(latencies);
    }
  }
}

function sizeOf(latencies: PieceLatencies): number {
  return DISTRIBUTED.reduce((size, [name]) => size + (latencies[name]?.values.length ?? 0), 0);
}

/** As the piece has them. */
export function latenciesOfPiece(row: PieceRow): PieceLatencies {
  const of = (name: Distributed): Latencies | null => {
    const values = row[`${name}_values`];
    return values === null ? null : latenciesOf(values, row[`${name}_counts`]);
  };
  return { duration: of('duration'), ttft: of('ttft'), output_speed: of('output_speed') };
}
