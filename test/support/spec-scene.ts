import { RollupScene } from './rollup-scene.js';
import {
  COUNT_COLUMNS,
  LATENCY_COLUMNS,
  SPLIT_COLUMNS,
  type DailyRow,
  type HourlyRow,
  type Metrics,
  type RawError,
  type RawUsage,
} from './oracle/types.js';
import * as rows from './raw-rows.js';

export const HOUR = '2026-03-01T05:00:00Z';
export const NEXT_HOUR = '2026-03-01T06:00:00Z';

export { failure, usage } from './spec-rows.js';

/** One test's raw rows and what the rollup makes of them; groups 1 to 4 and 0 are there from the beginning. */
export class SpecScene extends RollupScene {
  public override async reset(): Promise<void> {
    await rows.truncateMetrics(this.dataSource);
    await this.replaceRaw({
      groups: [
        { id: 1, name: 'one', platform: 'openai' },
        { id: 2, name: 'two', platform: 'openai' },
        { id: 3, name: 'three', platform: 'anthropic' },
        { id: 4, name: 'four', platform: '' },
        { id: 0, name: 'zero', platform: 'openai' },
      ],
    });
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

const NO_METRICS = Object.fromEntries([
  ...[...COUNT_COLUMNS, ...SPLIT_COLUMNS].map((name) => [name, 0n]),
  ...LATENCY_COLUMNS.map((name) => [name, null]),
]) as Metrics;

/** An overall row as it might be stored, every count 0 and every latency null but what is given. */
export const storedHour = (bucket: string, over: Partial<HourlyRow>): HourlyRow => ({
  bucket_start: bucket,
  platform: null,
  group_id: null,
  ...NO_METRICS,
  ...over,
});
