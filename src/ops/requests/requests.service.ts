import { Inject, Injectable } from '@nestjs/common';
import { DefinedTables } from '../definitions/defined-tables.service.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { validated } from '../common/validated.js';
import { OpsOptions } from '../options/ops.options.js';
import { OpsReadTimeoutError } from '../read/read-errors.js';
import { ReadTransactions } from '../read/read-transactions.js';
import { sqlState } from '../sql/database-errors.js';
import { selectRow, selectRows } from '../sql/sql-runner.js';
import { writeCursor } from './cursor.js';
import { RawShapes } from './raw-shapes.service.js';
import { requestOf, type RequestRow } from './request-row.js';
import { OpsRequestsTimeoutError } from './requests.errors.js';
import { kindsOf, requestsQuerySchema, type RequestsQuery } from './requests-query.schemas.js';
import type { Requests } from './requests.schemas.js';
import { columnsOf, demandIndexes, isUnfiltered, servingIndexes } from './serving-indexes.js';
import { requestsPage, walkAlongTime } from './sql/requests-page.sql.js';

/**
 * The raw rows behind the numbers of a range, page by page: each of a counted request or error exactly once, as long as
 * none is written or deleted meanwhile. A page costs what it is long, wherever in the range it lies; a filter that few
 * rows pass costs what has to be read until it is full.
 */
@Injectable()
export class RequestsService {
  public constructor(
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    private readonly defined: DefinedTables,
    private readonly transactions: ReadTransactions,
    private readonly shapes: RawShapes,
  ) {}

  /**
   * One page.
   *
   * @throws OpsInputError naming the first field of the query that is wrong, OpsRequestsUnservedError where no index
   * serves, OpsBusyError where too many reads wait for their turn, OpsRequestsTimeoutError past `readTimeoutMs`,
   * OpsReadTimeoutError where a table is locked, and QueryFailedError as the database gives it
   */
  public async list(given: RequestsQuery): Promise<Requests> {
    const { from, to, limit, after = null, ...query } = validated(requestsQuerySchema, given, 'query');
    const asked = { from, to, level: query, filters: query, kinds: kindsOf(query) };
    const [start, end] = [from.toISOString(), to.toISOString()];
    try {
      const found = await this.transactions.run(async (manager) => {
        const tables = await this.defined.current(manager);
        const shapes = await this.shapes.current(tables, manager);
        demandIndexes(tables, shapes, asked);
        if (isUnfiltered(asked)) {
          await selectRow(manager, walkAlongTime());
        }
        const page = { ...asked, from: start, to: end, after, rows: limit + 1, columns: columnsOf(shapes) };
        return selectRows<RequestRow>(manager, requestsPage(tables, page));
      });
      const items = found.slice(0, limit).map(requestOf);
      const last = items.at(-1);
      return {
        from: start,
        to: end,
        items,
        next: found.length > limit && last !== undefined ? writeCursor(last) : null,
      };
    } catch (error) {
      if (error instanceof OpsReadTimeoutError && sqlState(error.cause) === '57014') {
        const indexes = servingIndexes(this.tables, asked);
        throw new OpsRequestsTimeoutError(this.options.readTimeoutMs, indexes, error.cause);
      }
      throw error;
    }
  }
}
