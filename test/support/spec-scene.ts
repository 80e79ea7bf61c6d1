import type { DataSource } from 'typeorm';
import { OpsPreaggService } from '../../src/ops/index.js';
import type { DailyRow, HourlyRow, RawError, RawUsage } from './oracle/types.js';
import * as rows from './raw-rows.js';

export const HOUR = '2026-03-01T05:00:00Z';
export const NEXT_HOUR = '2026-03-01T06:00:00Z';

/** A plain successful request of group 1 (openai) at 05:10. */
export const usage = (over: Partial<RawUsage> = {}): RawUsage => ({
  groupId: 1,
  inputTokens: 0,
  outputTokens: 0,
  cacheCreationTokens: 0,
  cacheReadTokens: 0,
  durationMs: null,
  firstTokenMs: null,
  createdAt: '2026-03-01T05:10:00Z',
  ...over,
});

/** A failed request of group 1 (openai) at 05:10, that the client was told of by a 500. */
export const failure = (over: Partial<RawError> = {}): RawError => ({
  platform: 'openai',
  groupId: 1,
  statusCode: 500,
  upstreamStatusCode: null,
  errorOwner: null,
  isBusinessLimited: false,
  createdAt: '2026-03-01T05:10:00Z',
  ...over,
});

/** One test's raw rows and what the rollup makes of them; groups 1 to 4 and 0 are there from the beginning. */
export class SpecScene {
  public readonly rollup: OpsPreaggService;

  public constructor(private readonly dataSource: DataSource) {
    this.rollup = new OpsPreaggService(dataSource);
  }

  public async reset(): Promise<void> {
    await rows.truncateRaw(this.dataSource);
    await rows.truncateMetrics(this.dataSource);
    await rows.insertGroups(this.dataSource, [
      { id: 1, name: 'one', platform: 'openai' },
      { id: 2, name: 'two', platform: 'openai' },
      { id: 3, name: 'three', platform: 'anthropic' },
      { id: 4, name: 'four', platform: '' },
      { id: 0, name: 'zero', platform: 'openai' },
    ]);
  }

  public async add(raw: { usage?: RawUsage[]; errors?: RawError[] }): Promise<void> {
    await rows.insertUsage(this.dataSource, raw.usage ?? []);
    await rows.insertErrors(this.dataSource, raw.errors ?? []);
  }

  /** Adds the rows, rolls the hours of 2026-03-01 up, and reads them. */
  public async hourly(raw: { usage?: RawUsage[]; errors?: RawError[] } = {}): Promise<HourlyRow[]> {
    await this.add(raw);
    await this.rollup.upsertHourlyMetrics(new Date('2026-03-01T00:00:00Z'), new Date('2026-03-02T00:00:00Z'));
    return rows.readHourly(this.dataSource);
  }

  /** The same, of the day. */
  public async daily(hourly: readonly HourlyRow[] = []): Promise<DailyRow[]> {
    await rows.insertHourly(this.dataSource, hourly);
    await this.rollup.upsertDailyMetrics(new Date('2026-03-01T00:00:00Z'), new Date('2026-03-02T00:00:00Z'));
    return rows.readDaily(this.dataSource);
  }
}

/** `platform/group` of each row, `-` for none. */
export function levelsOf(found: readonly (HourlyRow | DailyRow)[]): string[] {
  return found.map((row) => `${row.platform ?? '-'}/${String(row.group_id ?? '-')}`);
}

export function rowAt<R extends HourlyRow | DailyRow>(found: readonly R[], level: string): R {
  const row = found.find((candidate) => levelsOf([candidate])[0] === level);
  if (row === undefined) throw new Error(`No row at ${level}; there are ${levelsOf(found).join(' ')}`);
  return row;
}

const NO_METRICS = {
  success_count: 0n,
  token_consumed: 0n,
  error_count_total: 0n,
  business_limited_count: 0n,
  error_count_sla: 0n,
  upstream_error_count_excl_429_529: 0n,
  upstream_429_count: 0n,
  upstream_529_count: 0n,
  duration_p50_ms: null,
  duration_p90_ms: null,
  duration_p95_ms: null,
  duration_p99_ms: null,
  duration_avg_ms: null,
  duration_max_ms: null,
  ttft_p50_ms: null,
  ttft_p90_ms: null,
  ttft_p95_ms: null,
  ttft_p99_ms: null,
  ttft_avg_ms: null,
  ttft_max_ms: null,
};

/** An overall row as it might be stored, every count 0 and every latency null but what is given. */
export const storedHour = (bucket: string, over: Partial<HourlyRow>): HourlyRow => ({
  bucket_start: bucket,
  platform: null,
  group_id: null,
  ...NO_METRICS,
  ...over,
});
