import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRow } from '../sql/sql-runner.js';
import { rawTables, type RawTable } from '../definitions/raw-tables.js';
import { rawTableShape, type RawTableShape } from './sql/detect.sql.js';

/** A raw table is none that the rollup can follow; the message says what is wrong with it. */
export class OpsRawTableError extends Error {
  public override readonly name = 'OpsRawTableError';
}

/** Tables, partitioned ones, and foreign ones are not: their writers are elsewhere. */
const FOLLOWED_KINDS: ReadonlySet<string> = new Set(['r', 'p']);

/** Looks once whether detection can follow the raw tables: what it would get wrong, it refuses. */
@Injectable()
export class RawTableChecker {
  private checked = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
  ) {}

  /** @throws OpsRawTableError naming the table and what has to change */
  public async check(): Promise<void> {
    if (this.checked) {
      return;
    }
    for (const table of rawTables(this.tables)) {
      const problem = problemOf(table, await selectRow<RawTableShape>(this.dataSource, rawTableShape(table)));
      if (problem !== null) {
        throw new OpsRawTableError(problem);
      }
    }
    this.checked = true;
  }
}

function problemOf({ name }: RawTable, shape: RawTableShape): string | null {
  if (shape.relkind === null) {
    return `Table ${name} does not exist.`;
  }
  if (!FOLLOWED_KINDS.has(shape.relkind)) {
    return `${name} is not a table: who writes into a view or a foreign table cannot be seen. Name the table itself.`;
  }
  if (shape.created_at !== 'timestamp with time zone') {
    return `${name}.created_at is ${shape.created_at ?? 'missing'}, and must be timestamptz: without a zone, every bucket would shift with the database's.`;
  }
  return shape.id_is_whole === true
    ? null
    : `${name}.id must be a whole number that grows: detection goes by it.`;
}
