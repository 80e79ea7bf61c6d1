import type { Breakdown, LatencyDistribution, Overview, Series, Trend } from '../../read/read.types.js';
import type { Rebuild, Status, VerificationSummary } from './admin-types.js';
import type { Query } from './api.js';
import { splitMeasures } from './chart-specs.js';
import type { Host } from './host.js';
import { isSet, unavailable } from './slices.js';
import {
  compareShift,
  isFiltered,
  isoMinute,
  subjectOf,
  trendRange,
  type TimeRange,
  type View,
} from './view.js';

/** Everything the page shows, part by part. */
export interface Answers {
  readonly overview: Overview;
  readonly trend: Trend;
  /** The trend of what the charts are compared with. */
  readonly before: Trend;
  readonly series: Series;
  readonly platforms: Breakdown;
  /** By whatever the page breaks down by. */
  readonly breakdown: Breakdown;
  readonly distribution: LatencyDistribution;
  readonly status: Status;
  readonly rebuilds: readonly Rebuild[];
  readonly verifications: readonly VerificationSummary[];
}

export type Part = keyof Answers;

/** What is asked of the server for a part. */
export interface Question {
  readonly path: string;
  readonly query: Query;
  /** Equal where the same is asked of a later moment: the range of a preset moves on with the clock. */
  readonly subject: string;
  /** Of which range and filters the answer is: see subjectOf(). */
  readonly scope: string;
}

/** Null, or absent, for a part that has nothing to ask. */
export type Questions = Readonly<Partial<Record<Part, Question | null>>>;

/** Rows listed at most; the table says how many there are beyond. */
const LIMIT = 200;

/** The filters of the page as the reads know them. */
export function scopeOf({ platforms, groups, slice }: View, range: TimeRange): Query {
  return {
    ...{ from: isoMinute(range.from), to: isoMinute(range.to) },
    ...{ platform: platforms, groupId: groups },
    ...{ dimension: slice?.dimension ?? null, key: slice?.keys ?? null },
  };
}

/** Without the filter by what is broken down by, so that its other rows are there to choose. */
export const without = (view: View, by: string): View => ({
  ...view,
  ...(by === 'platform' ? { platforms: [], groups: [] } : by === 'group' ? { groups: [] } : { slice: null }),
});

/** Of no range. */
const whole = (path: string): Question => ({ path, query: {}, subject: '', scope: '' });

export function questions(page: Pick<Host, 'view' | 'range' | 'dimensions'>): Questions {
  const { view, range } = page;
  const ask = (path: string, of: View, more: Query = {}, span = range): Question => ({
    path,
    query: { ...scopeOf(of, span), ...more },
    subject: `${subjectOf(of)} ${JSON.stringify(more)}`,
    scope: subjectOf(of),
  });
  const status = whole('status');
  if (view.page === 'operations') {
    return { status, rebuilds: whole('rebuilds'), verifications: whole('verify') };
  }
  const { by, split, metric, charts, compare } = view;
  const points = trendRange(range, view.slice !== null);
  const shift = compareShift(view, points);
  const earlier = { from: points.from - shift, to: points.to - shift };
  const series = { by: split, measures: splitMeasures(charts) };
  return {
    overview: ask('overview', view),
    trend: ask('trend', view, {}, points),
    before: compare && { ...ask('trend', view, {}, earlier), subject: `${subjectOf(view)} ${compare}` },
    series:
      split === null || unavailable(page, split) !== null
        ? null
        : ask('series', view, series, trendRange(range, isSet(split))),
    // To find a culprit among; the breakdown has them mostly.
    platforms: isFiltered(view) || by === 'platform' ? null : ask('breakdown', view, { by: 'platform' }),
    breakdown:
      unavailable(page, by) === null ? ask('breakdown', without(view, by), { by, limit: LIMIT }) : null,
    distribution: ask('latency-distribution', view, { metric }),
    status,
  };
}
