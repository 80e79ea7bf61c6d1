import { Injectable } from '@nestjs/common';
import type { OpsTables } from '../definitions/ops-tables.js';
import { selectRows, type SqlRunner } from '../sql/sql-runner.js';
import { rawShapes, type RawShape } from './sql/raw-shapes.sql.js';

/** How long what was seen is believed, in milliseconds. */
const BELIEVED_MS = 60_000;

/** Columns and indexes of the raw tables, as the last look of a minute or less ago saw them. */
@Injectable()
export class RawShapes {
  private seen: { readonly shapes: readonly RawShape[]; readonly at: number } | null = null;

  /** @returns the raw tables that exist; throws QueryFailedError as the database gives it */
  public async current(tables: OpsTables, runner: SqlRunner): Promise<readonly RawShape[]> {
    if (this.seen === null || performance.now() - this.seen.at >= BELIEVED_MS) {
      const at = performance.now();
      this.seen = { shapes: await selectRows<RawShape>(runner, rawShapes(tables)), at };
    }
    return this.seen.shapes;
  }
}
