import { largest, mean, percentileCont, roundHalfEven } from './arithmetic.js';
import type {
  ErrorCounts,
  HourlyRow,
  LatencyMetrics,
  LevelKey,
  RawError,
  RawGroup,
  RawUsage,
} from './types.js';
import { splitSums, sumOf } from './split-sums.js';
import { bucketOf, bucketsOf, type RawWidth } from './window.js';

interface Cell extends LevelKey {
  readonly bucket_start: string;
  readonly usage: RawUsage[];
  readonly errors: RawError[];
}

/** The levels one raw row counts at. */
function levelsOf(platform: string, groupId: number | null): LevelKey[] {
  const levels: LevelKey[] = [{ platform: null, group_id: null }];
  if (platform === '') return levels;
  levels.push({ platform, group_id: null });
  if (groupId !== null && groupId !== 0) levels.push({ platform, group_id: groupId });
  return levels;
}

class Cells {
  private readonly byKey = new Map<string, Cell>();

  /** The cells that a raw row counts in, made where they do not exist yet. */
  for(bucketStart: string, platform: string, groupId: number | null): Cell[] {
    return levelsOf(platform, groupId).map((level) => {
      const key = JSON.stringify([bucketStart, level.platform, level.group_id]);
      const cell = this.byKey.get(key) ?? { ...level, bucket_start: bucketStart, usage: [], errors: [] };
      this.byKey.set(key, cell);
      return cell;
    });
  }

  all(): Cell[] {
    return [...this.byKey.values()];
  }
}

function rounded(value: number | null): number | null {
  return value === null ? null : roundHalfEven(value);
}

function latency(usage: readonly RawUsage[]): LatencyMetrics {
  const durations = usage.flatMap((row) => (row.durationMs === null ? [] : [row.durationMs]));
  const ttfts = usage.flatMap((row) => (row.firstTokenMs === null ? [] : [row.firstTokenMs]));
  return {
    duration_p50_ms: rounded(percentileCont(durations, 0.5)),
    duration_p90_ms: rounded(percentileCont(durations, 0.9)),
    duration_p95_ms: rounded(percentileCont(durations, 0.95)),
    duration_p99_ms: rounded(percentileCont(durations, 0.99)),
    duration_avg_ms: mean(durations),
    duration_max_ms: largest(durations),
    ttft_p50_ms: rounded(percentileCont(ttfts, 0.5)),
    ttft_p90_ms: rounded(percentileCont(ttfts, 0.9)),
    ttft_p95_ms: rounded(percentileCont(ttfts, 0.95)),
    ttft_p99_ms: rounded(percentileCont(ttfts, 0.99)),
    ttft_avg_ms: mean(ttfts),
    ttft_max_ms: largest(ttfts),
  };
}

export function errorCounts(errors: readonly RawError[]): ErrorCounts {
  const count = (matches: (row: RawError) => boolean): bigint => BigInt(errors.filter(matches).length);
  const isFailed = (row: RawError): boolean => (row.statusCode ?? 0) >= 400;
  const isUpstream = (row: RawError): boolean => row.errorOwner === 'provider' && !row.isBusinessLimited;
  const effective = (row: RawError): number => row.upstreamStatusCode ?? row.statusCode ?? 0;
  return {
    error_count_total: count(isFailed),
    business_limited_count: count((row) => isFailed(row) && row.isBusinessLimited),
    error_count_sla: count((row) => isFailed(row) && !row.isBusinessLimited),
    upstream_error_count_excl_429_529: count(
      (row) => isUpstream(row) && effective(row) !== 429 && effective(row) !== 529,
    ),
    upstream_429_count: count((row) => isUpstream(row) && effective(row) === 429),
    upstream_529_count: count((row) => isUpstream(row) && effective(row) === 529),
  };
}

export function tokens(row: RawUsage): bigint {
  return sumOf([row.inputTokens, row.outputTokens, row.cacheCreationTokens, row.cacheReadTokens]);
}

/** 0 is what the unique index turns NULL into, so it cannot name a group, not even where groups holds such an id. */
export const groupOf = ({ groupId }: RawUsage, groups: readonly RawGroup[]): RawGroup | undefined =>
  groupId === 0 ? undefined : groups.find((candidate) => candidate.id === groupId);

/** Every hourly (or minutely) row that [from, to), widened to whole UTC hours (minutes), holds; in no particular order. */
export function computeHourly(
  groups: readonly RawGroup[],
  usage: readonly RawUsage[],
  errors: readonly RawError[],
  from: Date,
  to: Date,
  width: RawWidth = 'hour',
): HourlyRow[] {
  const isInWindow = bucketsOf(from, to, width);
  const cells = new Cells();
  for (const row of usage) {
    const group = groupOf(row, groups);
    const bucket = bucketOf(row.createdAt, width);
    if (group === undefined || !isInWindow(bucket)) continue;
    for (const cell of cells.for(bucket, group.platform, group.id)) cell.usage.push(row);
  }
  for (const row of errors) {
    const bucket = bucketOf(row.createdAt, width);
    if (!isInWindow(bucket)) continue;
    for (const cell of cells.for(bucket, row.platform ?? 'unknown', row.groupId)) cell.errors.push(row);
  }
  return cells.all().map((cell) => ({
    bucket_start: cell.bucket_start,
    platform: cell.platform,
    group_id: cell.group_id,
    success_count: BigInt(cell.usage.length),
    token_consumed: cell.usage.reduce((sum, row) => sum + tokens(row), 0n),
    ...splitSums(cell.usage),
    ...latency(cell.usage),
    ...errorCounts(cell.errors),
  }));
}
