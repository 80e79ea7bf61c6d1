import { Inject, Injectable, Optional } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES, OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { selectRows, type SqlRunner } from '../sql/sql-runner.js';
import { DAY_MS, HOUR_MS, widenToBuckets } from '../common/utc.js';
import { OpsDataSourceError } from './ops-data-source.error.js';
import { latestDailyBucket, latestHourlyBucket } from './sql/latest-bucket.sql.js';
import { DEFAULT_ROLLUP_OPTIONS } from './sql/rollup-options.js';
import { upsertDailyRange, type UpsertDailyResult } from './sql/upsert-daily.sql.js';
import { upsertHourlyRange, type UpsertResult } from './sql/upsert-buckets.sql.js';

/**
 * Rolls raw logs up into the hourly table, and the hourly table up into the daily one.
 *
 * Each call is one statement, atomic by itself, after a look into the catalogue once a minute at the most. Without a `runner` it is sent through `DataSource.query`; with an
 * EntityManager or a QueryRunner it becomes part of the caller's transaction. All times are UTC.
 *
 * Beside the module's jobs a call may write what it read before a drain did. So the buckets that it writes are noted as
 * invalidations in the same statement, once jobs have run, and the next drain recomputes them once more.
 */
@Injectable()
export class OpsPreaggService {
  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Optional() @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables = OPS_TABLES,
    @Optional() private readonly defined: DefinedTables = new DefinedTables(dataSource, tables),
  ) {}

  /**
   * Recomputes the hourly rows of [start, end) from the raw rows and removes those whose level has no raw row any
   * more. A window that is not on hour boundaries is widened outward to whole UTC hours.
   *
   * An hour that lies before every row of a raw table which the module's jobs follow keeps what is stored of that
   * table's side, unless `force` is set: its raw rows have been purged.
   *
   * @returns the number of rows written; 0, without touching the database, for an invalid Date or end <= start.
   * @throws OpsDataSourceError when no runner is given and the DataSource is not initialised.
   * @throws QueryFailedError as the database gives it; nothing is changed then.
   */
  public async upsertHourlyMetrics(
    start: Date,
    end: Date,
    runner?: SqlRunner,
    { force = false }: { readonly force?: boolean } = {},
  ): Promise<number> {
    const range = widenToBuckets(start, end, HOUR_MS);
    if (range === null) {
      return 0;
    }
    const [result] = await this.upsert<UpsertResult>(
      (tables) => upsertHourlyRange(tables, range, { ...DEFAULT_ROLLUP_OPTIONS, force }),
      runner,
    );
    return Number(result?.written ?? 0);
  }

  /**
   * Recomputes the daily rows of [start, end) from the hourly rows and removes those whose level has no hourly row
   * any more. A window that is not on day boundaries is widened outward to whole UTC days. A day of which the retention
   * has dropped an hour stays as it is.
   *
   * @returns the number of rows written; 0, without touching the database, for an invalid Date or end <= start.
   * @throws OpsDataSourceError when no runner is given and the DataSource is not initialised.
   * @throws QueryFailedError as the database gives it; nothing is changed then.
   */
  public async upsertDailyMetrics(start: Date, end: Date, runner?: SqlRunner): Promise<number> {
    const range = widenToBuckets(start, end, DAY_MS);
    if (range === null) {
      return 0;
    }
    const [result] = await this.upsert<UpsertDailyResult>(
      (tables) => upsertDailyRange(tables, range, { ...DEFAULT_ROLLUP_OPTIONS, byHand: true }),
      runner,
    );
    return Number(result?.written ?? 0);
  }

  /**
   * The start of the latest hour that has a row, or null where the table is empty.
   *
   * @throws OpsDataSourceError when no runner is given and the DataSource is not initialised.
   */
  public async getLatestHourlyBucketStart(runner?: SqlRunner): Promise<Date | null> {
    return toDate(await this.select<LatestRow>(latestHourlyBucket(this.tables), runner));
  }

  /**
   * UTC midnight of the latest day that has a row, or null where the table is empty.
   *
   * @throws OpsDataSourceError when no runner is given and the DataSource is not initialised.
   */
  public async getLatestDailyBucketDate(runner?: SqlRunner): Promise<Date | null> {
    return toDate(await this.select<LatestRow>(latestDailyBucket(this.tables), runner));
  }

  private async upsert<Row>(
    statement: (tables: OpsTables) => SqlStatement,
    runner: SqlRunner | undefined,
  ): Promise<Row[]> {
    const sender = this.senderOf(runner);
    return selectRows<Row>(sender, statement(await this.defined.current(sender)));
  }

  private async select<Row>(statement: SqlStatement, runner: SqlRunner | undefined): Promise<Row[]> {
    return selectRows<Row>(this.senderOf(runner), statement);
  }

  private senderOf(runner: SqlRunner | undefined): SqlRunner {
    if (runner === undefined && !this.dataSource.isInitialized) {
      throw new OpsDataSourceError();
    }
    // Through query itself: a window of years may take as long as the caller lets it.
    return runner ?? { query: (text, values) => this.dataSource.query(text, values) };
  }
}

interface LatestRow {
  latest: number | null;
}

function toDate([row]: LatestRow[]): Date | null {
  return row === undefined || row.latest === null ? null : new Date(row.latest);
}
