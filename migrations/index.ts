import { CreateRawLogTables1764000000001 } from './1764000000001-create-raw-log-tables.js';
import { CreateOpsMetrics1764000000002 } from './1764000000002-create-ops-metrics.js';
import { CreateOpsJobHeartbeats1764000000003 } from './1764000000003-create-ops-job-heartbeats.js';
import { CreateOpsInvalidations1764000000004 } from './1764000000004-create-ops-invalidations.js';
import { AddOpsDistributions1764000000005 } from './1764000000005-add-ops-distributions.js';
import { CreateOpsDroppedHours1764000000006 } from './1764000000006-create-ops-dropped-hours.js';
import { AddOpsTiers1764000000007 } from './1764000000007-add-ops-tiers.js';
import { CreateOpsRuns1764000000008 } from './1764000000008-create-ops-runs.js';
import { IndexOverallRows1764000000012 } from './1764000000012-index-overall-rows.js';
import { RenameJobHeartbeats1764000000020 } from './1764000000020-rename-job-heartbeats.js';
import { CreateOpsMinutes1764000000030 } from './1764000000030-create-ops-minutes.js';
import { IndexOverallDays1764000000031 } from './1764000000031-index-overall-days.js';
import { AddOpsSplitMeasures1764000000040 } from './1764000000040-add-ops-split-measures.js';
import { CreateOpsDimensions1764000000041 } from './1764000000041-create-ops-dimensions.js';
import { inSchema, type MigrationClass } from './support/in-schema.js';

export { SchemaConflictError } from './support/schema-conflict.error.js';

/**
 * The raw tables of the host, where it has none yet; those that are there are left as they are, and it is an error if
 * one lacks a column that is read.
 */
export const gatewayMigrations = [CreateRawLogTables1764000000001] as const;

/** What OpsModule needs, in order: list them in the `migrations` of the DataSource that OpsModule uses. */
export const opsMigrations = [
  CreateOpsMetrics1764000000002,
  CreateOpsJobHeartbeats1764000000003,
  CreateOpsInvalidations1764000000004,
  AddOpsDistributions1764000000005,
  CreateOpsDroppedHours1764000000006,
  AddOpsTiers1764000000007,
  CreateOpsRuns1764000000008,
  IndexOverallRows1764000000012,
  RenameJobHeartbeats1764000000020,
  CreateOpsMinutes1764000000030,
  IndexOverallDays1764000000031,
  AddOpsSplitMeasures1764000000040,
  CreateOpsDimensions1764000000041,
] as const;

/** The same, with the tables in a schema of their own, which is created where it is absent. */
export function opsMigrationsIn(schema: string): MigrationClass[] {
  return opsMigrations.map((migration) => inSchema(migration, schema));
}
