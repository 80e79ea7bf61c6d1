import { HOUR_MS } from '../common/utc.js';

/** A part of one segment that only raw rows can answer. */
export interface RaggedRange {
  readonly segment: number;
  readonly from: Date;
  readonly to: Date;
}

/** The whole UTC hours of one segment: [firstHour, endHour), counted since 1970. */
export interface HourSpan {
  readonly segment: number;
  readonly firstHour: number;
  readonly endHour: number;
}

/** Which whole UTC hours and which ragged ends make up consecutive segments of time. */
export interface ReadPlan {
  readonly spans: readonly HourSpan[];
  readonly ragged: readonly RaggedRange[];
}

/**
 * Takes consecutive segments apart, given by their ascending borders: segment i is [cuts[i], cuts[i + 1]). Every
 * instant falls into exactly one whole hour or ragged range of its own segment, so segments add up.
 */
export function planSegments(cuts: readonly Date[]): ReadPlan {
  const spans: HourSpan[] = [];
  const ragged: RaggedRange[] = [];
  const addRagged = (segment: number, from: number, to: number): void => {
    if (from < to) {
      ragged.push({ segment, from: new Date(from), to: new Date(to) });
    }
  };
  cuts.slice(1).forEach((end, segment) => {
    const from = cuts[segment]?.getTime() ?? NaN;
    const to = end.getTime();
    const firstHour = Math.ceil(from / HOUR_MS);
    const endHour = Math.floor(to / HOUR_MS);
    if (firstHour >= endHour) {
      addRagged(segment, from, to);
      return;
    }
    addRagged(segment, from, firstHour * HOUR_MS);
    spans.push({ segment, firstHour, endHour });
    addRagged(segment, endHour * HOUR_MS, to);
  });
  return { spans, ragged };
}
