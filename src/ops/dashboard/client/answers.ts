import type {
  Breakdown,
  LatencyDistribution,
  LatencyMetric,
  Overview,
  Trend,
} from '../../read/read.types.js';
import type { Rebuild, Status } from './admin-types.js';
import type { Query } from './api.js';
import { isoMinute, viewQuery, type TimeRange, type View } from './view.js';

/** Everything the page shows, part by part. */
export interface Answers {
  readonly overview: Overview;
  readonly trend: Trend;
  readonly platforms: Breakdown;
  readonly groups: Breakdown;
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

/** Groups listed at most; the table says how many there are beyond. */
const GROUP_LIMIT = 200;

export function questions(
  view: View,
  range: TimeRange,
  metric: LatencyMetric,
): Readonly<Record<Part, Question>> {
  const span = { from: isoMinute(range.from), to: isoMinute(range.to) };
  const scope = { ...span, platform: view.platform, groupId: view.group };
  const subject = viewQuery({ ...view, zone: 'utc' });
  const allOfIt = viewQuery({ ...view, zone: 'utc', platform: null, group: null });
  return {
    overview: { path: 'overview', query: scope, subject },
    trend: { path: 'trend', query: scope, subject },
    platforms: { path: 'breakdown', query: { ...span, by: 'platform' }, subject: allOfIt },
    groups: { path: 'breakdown', query: { ...span, by: 'group', limit: GROUP_LIMIT }, subject: allOfIt },
    distribution: {
      path: 'latency-distribution',
      query: { ...scope, metric },
      subject: `${subject} ${metric}`,
    },
    status: { path: 'status', query: {}, subject: '' },
    rebuilds: { path: 'rebuilds', query: {}, subject: '' },
  };
}
