import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { QueryFailedError, type DataSource } from 'typeorm';
import { definitionNumber } from './definition-version.js';
import { EVERY_ROW, OPS_TABLES_TOKEN, type Fills, type OpsTables } from './ops-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { selectRows, type SqlRunner } from '../sql/sql-runner.js';

/** A condition of the options is none; the message names the option and has the database's words. */
export class OpsFilterError extends Error {
  public override readonly name = 'OpsFilterError';

  public constructor(
    public readonly option: 'usageFilter' | 'errorFilter',
    public override readonly cause: QueryFailedError,
  ) {
    super(`${option} must be a condition in SQL over a raw row: ${cause.message}`, { cause });
  }
}

/** How long what was seen is believed, in milliseconds; each tick looks anew. */
const BELIEVED_MS = 60_000;

/**
 * What the tables mean here, which takes a look into the database's catalogue: the gateway, or another program beside
 * this module, may add a column while this process runs.
 */
@Injectable()
export class DefinedTables {
  private seen: { readonly tables: OpsTables; readonly at: number } | null = null;
  private filtersChecked = false;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly named: OpsTables,
  ) {}

  /**
   * As the last look of a minute or less ago saw them, or a new one.
   *
   * @throws OpsFilterError, and QueryFailedError as the database gives it
   */
  public async current(runner: SqlRunner = this.dataSource): Promise<OpsTables> {
    return this.believed() ?? this.look(runner);
  }

  /** As the last look saw them, if it was a minute or less ago. */
  public believed(): OpsTables | null {
    return this.seen !== null && performance.now() - this.seen.at < BELIEVED_MS ? this.seen.tables : null;
  }

  /** As they are now; throws like {@link current}. */
  public async look(runner: SqlRunner = this.dataSource): Promise<OpsTables> {
    await this.checkFilters(runner);
    const at = performance.now();
    const tables = defined(this.named, await selectRows<FoundColumn>(runner, findColumns(this.named)));
    this.seen = { tables, at };
    return tables;
  }

  private async checkFilters(runner: SqlRunner): Promise<void> {
    if (this.filtersChecked) {
      return;
    }
    const { usageLogs, usageCondition, errorLogs, errorCondition } = this.named;
    for (const [option, from, condition] of [
      ['usageFilter', `${usageLogs} u`, usageCondition],
      ['errorFilter', `${errorLogs} e`, errorCondition],
    ] as const) {
      if (condition === EVERY_ROW) {
        continue;
      }
      try {
        await selectRows(runner, { text: `SELECT 1 FROM ${from} WHERE ${condition} LIMIT 0`, values: [] });
      } catch (error) {
        throw isRefused(error) ? new OpsFilterError(option, error) : error;
      }
    }
    this.filtersChecked = true;
  }
}

/** Syntax, names and types are wrong (class 42), but not: there is no such table (42P01). */
function isRefused(error: unknown): error is QueryFailedError {
  const code: unknown =
    error instanceof QueryFailedError ? (error.driverError as { code?: unknown }).code : null;
  return typeof code === 'string' && /^42(?!P01)/.test(code);
}

type Where = 'errors' | 'hourly' | 'daily';

interface FoundColumn {
  where: Where;
  name: string;
  type: string;
  /** Its value is the database's: it cannot be written. */
  generated: boolean;
}

function findColumns(tables: OpsTables): SqlStatement {
  const wanted: readonly (readonly [Where, string, string])[] = [
    ['errors', tables.errorLogs, 'is_count_tokens'],
    ['hourly', tables.hourly, 'ttft_sample_count'],
    ['hourly', tables.hourly, 'updated_at'],
    ['daily', tables.daily, 'ttft_sample_count'],
    ['daily', tables.daily, 'updated_at'],
  ];
  return {
    text: `SELECT w."where", a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attgenerated <> '' AS generated
FROM unnest($1::text[], $2::text[], $3::text[]) AS w("where", table_name, column_name)
JOIN pg_attribute a ON a.attrelid = to_regclass(w.table_name) AND a.attname = w.column_name AND NOT a.attisdropped`,
    values: [0, 1, 2].map((index) => wanted.map((one) => one[index])),
  };
}

const NUMBERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric']);

/** An instant `at` as a value of the type. */
const INSTANTS: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'at',
  'timestamp without time zone': "at AT TIME ZONE 'UTC'",
};

function defined(named: OpsTables, found: readonly FoundColumn[]): OpsTables {
  const column = (where: Where, name: string): FoundColumn | undefined =>
    found.find((one) => one.where === where && one.name === name);
  const fills = (where: 'hourly' | 'daily'): Fills => {
    const [samples, updated] = ['ttft_sample_count', 'updated_at'].map((name) => column(where, name));
    return {
      ttftSampleCount: samples !== undefined && !samples.generated && NUMBERS.has(samples.type),
      updatedAt: updated === undefined || updated.generated ? null : (INSTANTS[updated.type] ?? null),
    };
  };
  const [hourly, daily] = [fills('hourly'), fills('daily')];
  const conditions = [
    ...(named.errorCondition === EVERY_ROW ? [] : [named.errorCondition]),
    ...(column('errors', 'is_count_tokens')?.type === 'boolean' ? ['e.is_count_tokens IS NOT TRUE'] : []),
  ];
  const errorCondition = conditions.length === 0 ? EVERY_ROW : `(${conditions.join(' AND ')})`;
  const { usageCondition } = named;
  return {
    ...named,
    errorCondition,
    fills: { hourly, daily },
    definition: definitionNumber([
      ...(usageCondition === EVERY_ROW ? [] : [`usage: ${usageCondition}`]),
      ...(errorCondition === EVERY_ROW ? [] : [`errors: ${errorCondition}`]),
      ...(hourly.ttftSampleCount ? ['hourly.ttft_sample_count'] : []),
      ...(daily.ttftSampleCount ? ['daily.ttft_sample_count'] : []),
    ]),
  };
}
