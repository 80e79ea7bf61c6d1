import type {
  Breakdown,
  LatencyDistribution,
  LatencyMetric,
  Overview,
  Trend,
} from '../../read/read.types.js';
import type { Rebuild, Status } from './admin-types.js';
import type { Api } from './api.js';
import { bucketFor, isoMinute, type TimeRange, type View } from './view.js';

/** Everything the page shows, of one moment. */
export interface Answers {
  readonly range: TimeRange;
  readonly overview: Overview;
  readonly trend: Trend;
  readonly platforms: Breakdown;
  readonly groups: Breakdown;
  readonly distribution: LatencyDistribution;
  readonly status: Status;
  readonly rebuilds: readonly Rebuild[];
}

/** Groups listed at most; the table says how many there are beyond. */
const GROUP_LIMIT = 200;

/** @throws as Api.get: with the first request that fails, all are given up */
export async function fetchAnswers(
  api: Api,
  view: View,
  range: TimeRange,
  metric: LatencyMetric,
  signal: AbortSignal,
): Promise<Answers> {
  const span = { from: isoMinute(range.from), to: isoMinute(range.to) };
  const scope = { ...span, platform: view.platform, groupId: view.group };
  const bucket = bucketFor(range.to - range.from);
  const [overview, trend, platforms, groups, distribution, status, rebuilds] = await Promise.all([
    api.get<Overview>('overview', scope, signal),
    api.get<Trend>('trend', { ...scope, bucket }, signal),
    api.get<Breakdown>('breakdown', { ...span, by: 'platform' }, signal),
    api.get<Breakdown>('breakdown', { ...span, by: 'group', limit: GROUP_LIMIT }, signal),
    api.get<LatencyDistribution>('latency-distribution', { ...scope, metric }, signal),
    api.get<Status>('status', {}, signal),
    api.get<Rebuild[]>('rebuilds', {}, signal),
  ]);
  return { range, overview, trend, platforms, groups, distribution, status, rebuilds };
}
