import { expect } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { OpsPreaggService, ReadService, resolveOptions, type OpsModuleOptions } from '../../src/ops/index.js';
import { DatabaseScene } from './database-scene.js';
import type { Scenario } from './oracle/arbitraries.js';
import { diffRows } from './oracle/compare.js';
import type { DailyRow, HourlyRow } from './oracle/types.js';
import * as rows from './raw-rows.js';

/** Raw rows, the rollup's services called directly, and what they store. */
export class RollupScene extends DatabaseScene {
  public get rollup(): OpsPreaggService {
    return new OpsPreaggService(this.dataSource);
  }

  /** Reads, to which an hour is closed when it ends. */
  public reads(options: OpsModuleOptions = { safeDelaySeconds: 0 }): ReadService {
    return new ReadService(this.dataSource, OPS_TABLES, resolveOptions(options));
  }

  /** Empties the raw tables and fills them with the given rows. */
  public async replaceRaw({ groups = [], usage = [], errors = [] }: Partial<Scenario>): Promise<void> {
    await rows.truncateRaw(this.dataSource);
    await rows.insertGroups(this.dataSource, groups);
    await rows.insertUsage(this.dataSource, usage);
    await rows.insertErrors(this.dataSource, errors);
  }

  /** Rolls [from, to) up, by hours and by days; how many rows that came to. */
  public async rollUp(from: Date, to: Date): Promise<[hourly: number, daily: number]> {
    const hourly = await this.rollup.upsertHourlyMetrics(from, to);
    return [hourly, await this.rollup.upsertDailyMetrics(from, to)];
  }

  /** Both metrics tables hold these rows and no others. */
  public async expectTables(hourly: readonly HourlyRow[], daily: readonly DailyRow[]): Promise<void> {
    expect(diffRows(hourly, await rows.readHourly(this.dataSource))).toEqual([]);
    expect(diffRows(daily, await rows.readDaily(this.dataSource))).toEqual([]);
  }
}
