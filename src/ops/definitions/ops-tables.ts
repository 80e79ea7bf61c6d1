import {
  DEFAULT_DIMENSIONS,
  READY_MADE_DIMENSIONS,
  type DimensionOptions,
} from '../options/dimension-options.js';
import { DEFINITION_VERSION } from './definition-version.js';
import type { CostColumn } from './definitions.js';
import { dimensionOf, ERROR_DIMENSION, type Dimension } from './dimensions.js';

/** The names of all tables, quoted where needed, ready for a statement's text. */
export interface OpsTables {
  readonly usageLogs: string;
  readonly errorLogs: string;
  readonly groups: string;
  readonly minutely: string;
  readonly hourly: string;
  readonly daily: string;
  readonly dimensionHourly: string;
  readonly dimensionDaily: string;
  /** One row: from and up to when minutes are complete. */
  readonly live: string;
  readonly heartbeats: string;
  readonly invalidations: string;
  readonly detectState: string;
  readonly rebuilds: string;
  readonly droppedHours: string;
  readonly auditState: string;
  readonly knownGroups: string;
  readonly runs: string;
  /** Which rows of the raw tables count: conditions over a usage row `u` and an error row `e`, in parentheses. */
  readonly usageCondition: string;
  readonly errorCondition: string;
  /** What a usage row `u` cost, numeric; null where the raw table does not say. */
  readonly costs: Readonly<Record<CostColumn, string | null>>;
  /** The sets of keys by which requests are sliced, as far as the raw tables have them. */
  readonly dimensions: readonly Dimension[];
  /** The sets that are asked for. */
  readonly wantedDimensions: readonly WantedDimension[];
  /** What a row is stored under: see definitionNumber(). */
  readonly definition: number;
  /** Which raw tables Citus has distributed: their rows are grouped where they are. */
  readonly distributed: Distributed;
  /** Columns of another program's that are filled where its metrics tables have them. */
  readonly fills: { readonly hourly: Fills; readonly daily: Fills };
}

/** By the side of a bucket that the table's rows make up. */
export interface Distributed {
  readonly usage: boolean;
  readonly errors: boolean;
  /** Whether each node of the cluster draws ids from a range of its own, far above the coordinator's. */
  readonly usageIdsByNode: boolean;
  readonly errorIdsByNode: boolean;
}

export interface WantedDimension {
  readonly options: DimensionOptions;
  /** The table of the words for its keys, quoted where needed. */
  readonly labelTable: string | null;
}

/** Whether a metrics table has them. */
export interface Fills {
  /** `ttft_sample_count`: how many samples the TTFT percentiles rest on. */
  readonly ttftSampleCount: boolean;
  /** `updated_at`: when the row was written; the value is that of an instant `at`. */
  readonly updatedAt: string | null;
}

export const NOT_DISTRIBUTED: Distributed = {
  usage: false,
  errors: false,
  usageIdsByNode: false,
  errorIdsByNode: false,
};

/** None of them. */
export const NO_FILLS: Fills = { ttftSampleCount: false, updatedAt: null };

/** Every row counts. */
export const EVERY_ROW = 'true';

/** Schemas of the tables (not set: whatever the search path finds), and the conditions under which raw rows count. */
export interface OpsTablesOptions {
  readonly schema?: string | undefined;
  readonly rawSchema?: string | undefined;
  readonly usageFilter?: string | undefined;
  readonly errorFilter?: string | undefined;
  readonly dimensions?: readonly DimensionOptions[];
}

/** What is known without asking the database; DefinedTables asks it for the rest. */
export function opsTables({
  schema,
  rawSchema,
  usageFilter,
  errorFilter,
  dimensions = DEFAULT_DIMENSIONS.map((name) => READY_MADE_DIMENSIONS[name]),
}: OpsTablesOptions = {}): OpsTables {
  const metrics = (table: string): string => qualified(schema, table);
  const raw = (table: string): string => qualified(rawSchema, table);
  return {
    usageLogs: raw('usage_logs'),
    errorLogs: raw('ops_error_logs'),
    groups: raw('groups'),
    minutely: metrics('ops_metrics_minutely'),
    hourly: metrics('ops_metrics_hourly'),
    daily: metrics('ops_metrics_daily'),
    dimensionHourly: metrics('ops_metrics_dimension_hourly'),
    dimensionDaily: metrics('ops_metrics_dimension_daily'),
    live: metrics('ops_metrics_live'),
    heartbeats: metrics('ops_job_heartbeats'),
    invalidations: metrics('ops_metrics_invalidations'),
    detectState: metrics('ops_detect_state'),
    rebuilds: metrics('ops_rebuilds'),
    droppedHours: metrics('ops_metrics_dropped_hours'),
    auditState: metrics('ops_audit_state'),
    knownGroups: metrics('ops_known_groups'),
    runs: metrics('ops_runs'),
    usageCondition: condition(usageFilter),
    errorCondition: condition(errorFilter),
    costs: { total_cost: 'u.total_cost', actual_cost: 'u.actual_cost' },
    dimensions: [...dimensions.map((set) => dimensionOf(set, AS_SPECIFIED, null)), ERROR_DIMENSION],
    wantedDimensions: dimensions.map((options) => ({
      options,
      labelTable: options.label === undefined ? null : raw(options.label.table),
    })),
    definition: DEFINITION_VERSION,
    distributed: NOT_DISTRIBUTED,
    fills: { hourly: NO_FILLS, daily: NO_FILLS },
  };
}

/** Until somebody has looked, columns have types that can be grouped. */
const AS_SPECIFIED = { usage: 'bigint', error: 'bigint' };

/** The line break ends a comment that the filter may end in. */
const condition = (filter: string | undefined): string =>
  filter === undefined ? EVERY_ROW : `(${filter.trim()}\n)`;

/** A schema's name comes from the host's options: quoted, so that it is never anything but a name. */
function qualified(schema: string | undefined, table: string): string {
  return schema === undefined ? table : `"${schema.replaceAll('"', '""')}".${table}`;
}

export const OPS_TABLES: OpsTables = opsTables();

/** Injection token for {@link OpsTables}. */
export const OPS_TABLES_TOKEN = Symbol('OPS_TABLES');
