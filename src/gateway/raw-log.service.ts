import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { RAW_LOG_BATCH_SIZE } from './raw-log.constants.js';
import type { NewErrorLog, NewGroup, NewUsageLog } from './raw-log.types.js';
import { insertErrorLogs } from './sql/insert-error-logs.js';
import { insertUsageLogs } from './sql/insert-usage-logs.js';
import type { BoundQuery } from './sql/unnest-insert.js';
import { upsertGroups } from './sql/upsert-groups.js';
import type { UpsertedGroup } from './sql/upsert-groups.js';

/**
 * Writes the gateway's raw logs in batches.
 *
 * Every method takes an optional EntityManager, to write inside the caller's transaction. Without one each batch
 * commits by itself: when a later batch fails, the earlier ones stay written. Database errors are passed on as
 * TypeORM's QueryFailedError.
 */
@Injectable()
export class RawLogService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Writes successful requests; an empty array runs no query. */
  async writeUsage(rows: readonly NewUsageLog[], manager?: EntityManager): Promise<void> {
    await this.writeBatches(rows, insertUsageLogs, manager);
  }

  /** Writes failed and recovered requests; an empty array runs no query. */
  async writeErrors(rows: readonly NewErrorLog[], manager?: EntityManager): Promise<void> {
    await this.writeBatches(rows, insertErrorLogs, manager);
  }

  /**
   * Makes sure that the groups exist, with these platforms.
   *
   * @returns the id (bigint as a string) of every given name
   */
  async ensureGroups(groups: readonly NewGroup[], manager?: EntityManager): Promise<Map<string, string>> {
    if (groups.length === 0) return new Map();
    const { text, values } = upsertGroups(groups);
    const rows = await (manager ?? this.dataSource).query<UpsertedGroup[]>(text, values);
    return new Map(rows.map((row) => [row.name, row.id]));
  }

  private async writeBatches<Row>(
    rows: readonly Row[],
    toQuery: (batch: readonly Row[]) => BoundQuery,
    manager: EntityManager | undefined,
  ): Promise<void> {
    for (let offset = 0; offset < rows.length; offset += RAW_LOG_BATCH_SIZE) {
      const { text, values } = toQuery(rows.slice(offset, offset + RAW_LOG_BATCH_SIZE));
      await (manager ?? this.dataSource).query(text, values);
    }
  }
}
