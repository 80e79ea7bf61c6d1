import type { DetectPosition, Writer, WriterMarks } from './sql/detect.sql.js';

/** Mark of a writer that was in flight before the table was followed: its ids may be any. */
export const UNKNOWN_MARK = '0';

/**
 * A writer that is new since the last look took its lock after that look asked for writers, so that all of its ids lie
 * above what that look had as its candidate. One that is known keeps its mark.
 */
export function marksOf(writers: readonly Writer[], position: DetectPosition): WriterMarks {
  const fresh = position.seen_id ?? position.safe_id ?? UNKNOWN_MARK;
  return Object.fromEntries(writers.map(({ writer }) => [writer, position.writers?.[writer] ?? fresh]));
}

/** What another instance has learnt meanwhile stays. */
export function stillInFlight(found: WriterMarks, known: WriterMarks, ended: readonly string[]): WriterMarks {
  const merged = { ...known };
  for (const [writer, mark] of Object.entries(found)) {
    merged[writer] = lowest([mark, merged[writer] ?? mark]).toString();
  }
  return Object.fromEntries(Object.entries(merged).filter(([writer]) => !ended.includes(writer)));
}

export function describeWriters(writers: readonly Writer[]): string | null {
  const texts = writers.map(({ description }) => description).toSorted();
  return texts.length === 0
    ? null
    : texts.slice(0, 5).join('; ') + (texts.length > 5 ? ` and ${texts.length - 5} more` : '');
}

export const lowest = (ids: readonly string[]): bigint =>
  ids.map(BigInt).reduce((low, id) => (id < low ? id : low));
