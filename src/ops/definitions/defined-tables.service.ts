import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { QueryFailedError, type DataSource } from 'typeorm';
import { COST_COLUMNS } from './definitions.js';
import { definitionNumber } from './definition-version.js';
import {
  DEFAULT_IDENTITY,
  dimensionOf,
  dimensionsIdentity,
  ERROR_WORDS,
  errorDimension,
  type Dimension,
} from './dimensions.js';
import { OpsFilterError } from './filter.error.js';
import { CITUS_TABLES, findDistributed } from './distributed-tables.js';
import {
  EVERY_ROW,
  NOT_DISTRIBUTED,
  OPS_TABLES_TOKEN,
  type Distributed,
  type Fills,
  type OpsTables,
} from './ops-tables.js';
import type { SqlStatement } from '../sql/sql-statement.js';
import { selectRow, selectRows, type SqlRunner } from '../sql/sql-runner.js';

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
  private readonly logger = new Logger(DefinedTables.name);
  /** What is missing. */
  private readonly warned = new Set<string>();

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
    const found = await selectRows<FoundColumn>(runner, findColumns(this.named));
    const distributed = found.some(({ where }) => where === 'citus')
      ? await selectRow<Distributed>(runner, findDistributed(this.named))
      : NOT_DISTRIBUTED;
    const tables = { ...defined(this.named, found), distributed };
    this.seen = { tables, at };
    this.warnOfMissing(tables);
    return tables;
  }

  /** Once for each, and again when it has been there in between. */
  private warnOfMissing({ dimensions, wantedDimensions, costs, usageLogs, errorLogs }: OpsTables): void {
    const kept = new Set(dimensions.map(({ name }) => name));
    const wanted = [
      ...wantedDimensions.map(({ options: { name, usageColumn, errorColumn } }) => ({
        is: kept.has(name),
        otherwise: `Requests are not sliced by ${name}: it needs ${usageLogs}.${usageColumn} and ${errorLogs}.${errorColumn}`,
      })),
      ...COST_COLUMNS.map((column) => ({
        is: costs[column] !== null,
        otherwise: `No ${column} is kept: it needs a number ${usageLogs}.${column}`,
      })),
    ];
    for (const { is, otherwise } of wanted) {
      if (is) {
        this.warned.delete(otherwise);
      } else if (!this.warned.has(otherwise)) {
        this.warned.add(otherwise);
        this.logger.warn(otherwise);
      }
    }
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

/** Which table, in the words of this file. */
type Where = 'usage' | 'errors' | 'hourly' | 'daily' | 'citus' | `labels of ${string}`;

interface FoundColumn {
  where: Where;
  name: string;
  type: string;
  /** With its length, where it has one. */
  full_type: string;
  /** Its value is the database's: it cannot be written. */
  generated: boolean;
}

function findColumns(tables: OpsTables): SqlStatement {
  const wanted: readonly (readonly [Where, string, string])[] = [
    ...COST_COLUMNS.map((column) => ['usage', tables.usageLogs, column] as const),
    ...['is_count_tokens', ...ERROR_WORDS].map((column) => ['errors', tables.errorLogs, column] as const),
    ['hourly', tables.hourly, 'ttft_sample_count'],
    ['hourly', tables.hourly, 'updated_at'],
    ['daily', tables.daily, 'ttft_sample_count'],
    ['daily', tables.daily, 'updated_at'],
    ['citus', CITUS_TABLES, 'partmethod'],
    ...tables.wantedDimensions.flatMap(({ options, labelTable }) => [
      ['usage', tables.usageLogs, options.usageColumn] as const,
      ['errors', tables.errorLogs, options.errorColumn] as const,
      ...(labelTable === null || options.label === undefined
        ? []
        : [options.label.idColumn, options.label.labelColumn].map(
            (column) => [`labels of ${options.name}`, labelTable, column] as const,
          )),
    ]),
  ];
  return {
    text: `SELECT w."where", a.attname AS name, format_type(a.atttypid, NULL) AS type,
  format_type(a.atttypid, a.atttypmod) AS full_type, a.attgenerated <> '' AS generated
FROM unnest($1::text[], $2::text[], $3::text[]) AS w("where", table_name, column_name)
JOIN pg_attribute a ON a.attrelid = to_regclass(w.table_name) AND a.attname = w.column_name AND NOT a.attisdropped`,
    values: [0, 1, 2].map((index) => wanted.map((one) => one[index])),
  };
}

type Column = (where: Where, name: string) => FoundColumn | undefined;

/** The sets whose columns are there. */
function dimensionsOf({ wantedDimensions }: OpsTables, column: Column): Dimension[] {
  return wantedDimensions.flatMap(({ options, labelTable }) => {
    const { name, usageColumn, errorColumn, label } = options;
    const [usage, error] = [column('usage', usageColumn), column('errors', errorColumn)];
    if (usage === undefined || error === undefined) {
      return [];
    }
    const id = label && column(`labels of ${name}`, label.idColumn);
    const hasLabels = id !== undefined && column(`labels of ${name}`, label?.labelColumn ?? '') !== undefined;
    return [
      dimensionOf(
        options,
        { usage: usage.full_type, error: error.full_type },
        hasLabels && labelTable !== null ? { table: labelTable, idType: id.type } : null,
      ),
    ];
  });
}

const NUMBERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint', 'numeric']);
const FLOATS: ReadonlySet<string> = new Set(['real', 'double precision']);

/** What a usage row cost; null where it does not say so in a number. */
const money = (column: FoundColumn | undefined): string | null =>
  column === undefined || !(NUMBERS.has(column.type) || FLOATS.has(column.type))
    ? null
    : `u.${column.name}${FLOATS.has(column.type) ? '::numeric' : ''}`;

/** An instant `at` as a value of the type. */
const INSTANTS: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'at',
  'timestamp without time zone': "at AT TIME ZONE 'UTC'",
};

function defined(named: OpsTables, found: readonly FoundColumn[]): OpsTables {
  const column: Column = (where, name) => found.find((one) => one.where === where && one.name === name);
  const dimensions = dimensionsOf(named, column);
  const kept = new Set(dimensions.map(({ name }) => name));
  const identity = dimensionsIdentity(
    named.wantedDimensions.flatMap(({ options }) => (kept.has(options.name) ? [options] : [])),
  );
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
  const [total_cost, actual_cost] = COST_COLUMNS.map((name) => money(column('usage', name)));
  const costs = { total_cost: total_cost ?? null, actual_cost: actual_cost ?? null };
  const missing = [
    ...COST_COLUMNS.filter((name) => costs[name] === null),
    ...ERROR_WORDS.filter((name) => column('errors', name) === undefined),
  ];
  return {
    ...named,
    errorCondition,
    fills: { hourly, daily },
    costs,
    dimensions: [...dimensions, errorDimension((word) => column('errors', word) !== undefined)],
    definition: definitionNumber([
      ...(usageCondition === EVERY_ROW ? [] : [`usage: ${usageCondition}`]),
      ...(errorCondition === EVERY_ROW ? [] : [`errors: ${errorCondition}`]),
      ...(hourly.ttftSampleCount ? ['hourly.ttft_sample_count'] : []),
      ...(daily.ttftSampleCount ? ['daily.ttft_sample_count'] : []),
      ...missing.map((name) => `no ${name}`),
      ...(identity === DEFAULT_IDENTITY ? [] : [`dimensions: ${identity}`]),
    ]),
  };
}
