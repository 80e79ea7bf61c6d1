import type {
  Breakdown,
  LatencyDistribution,
  LatencyMetric,
  Overview,
  Trend,
} from '../../read/read.types.js';
import type { Rebuild, Status } from './admin-types.js';
import type { Query } from './api.js';
import type { Host } from './host.js';
import { unavailable } from './slices.js';
import { isoMinute, NO_FILTERS, subjectOf, type TimeRange, type View } from './view.js';

/** Everything the page shows, part by part. */
export interface Answers {
  readonly overview: Overview;
  readonly trend: Trend;
  readonly platforms: Breakdown;
  readonly groups: Breakdown;
  /** By a set, or by kind of error. */
  readonly breakdown: Breakdown;
  readonly distribution: LatencyDistribution;
  readonly status: Status;
  readonly rebuilds: readonly Rebuild[];
}

export type Part = keyof Answers;

/** What is asked of the server for a part. */
export interface Question {
  readonly path: string;
  readonly query: Query;
  /** Equal where the same is asked of a later moment: the range of a preset moves on with the clock. */
  readonly subject: string;
}

/** Null for a part that has nothing to ask. */
export type Questions = Readonly<Record<Part, Question | null>>;

/** Rows listed at most; the table says how many there are beyond. */
const LIMIT = 200;

/** The filters of the page as the reads know them. */
export function scopeOf(view: View, range: TimeRange): Query {
  const span = { from: isoMinute(range.from), to: isoMinute(range.to) };
  return { ...span, platform: view.platform, groupId: view.group, ...view.slice };
}

export function questions(
  page: Pick<Host, 'view' | 'range' | 'dimensions'>,
  metric: LatencyMetric,
): Questions {
  const { view, range } = page;
  const scope = scopeOf(view, range);
  const subject = subjectOf(view);
  const everything = { ...view, ...NO_FILTERS };
  const all = { query: scopeOf(everything, range), subject: subjectOf(everything) };
  const keys = { ...view, slice: null };
  return {
    overview: { path: 'overview', query: scope, subject },
    trend: { path: 'trend', query: scope, subject },
    platforms: { path: 'breakdown', query: { ...all.query, by: 'platform' }, subject: all.subject },
    groups: { path: 'breakdown', query: { ...all.query, by: 'group', limit: LIMIT }, subject: all.subject },
    breakdown:
      view.by === 'platform' || view.by === 'group' || unavailable(page) !== null
        ? null
        : {
            path: 'breakdown',
            query: { ...scopeOf(keys, range), by: view.by, limit: LIMIT },
            subject: `${subjectOf(keys)} ${view.by}`,
          },
    distribution: {
      path: 'latency-distribution',
      query: { ...scope, metric },
      subject: `${subject} ${metric}`,
    },
    status: { path: 'status', query: {}, subject: '' },
    rebuilds: { path: 'rebuilds', query: {}, subject: '' },
  };
}
