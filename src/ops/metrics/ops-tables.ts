/** The names of all tables, quoted where needed, ready for a statement's text. */
export interface OpsTables {
  readonly usageLogs: string;
  readonly errorLogs: string;
  readonly groups: string;
  readonly hourly: string;
  readonly daily: string;
  readonly heartbeats: string;
  readonly invalidations: string;
  readonly detectState: string;
  readonly rebuilds: string;
  readonly droppedHours: string;
  readonly auditState: string;
  readonly knownGroups: string;
  readonly runs: string;
}

/** Schemas of the tables; not set: whatever the search path finds. */
export interface OpsSchemas {
  readonly schema?: string | undefined;
  readonly rawSchema?: string | undefined;
}

export function opsTables({ schema, rawSchema }: OpsSchemas = {}): OpsTables {
  const metrics = (table: string): string => qualified(schema, table);
  const raw = (table: string): string => qualified(rawSchema, table);
  return {
    usageLogs: raw('usage_logs'),
    errorLogs: raw('ops_error_logs'),
    groups: raw('groups'),
    hourly: metrics('ops_metrics_hourly'),
    daily: metrics('ops_metrics_daily'),
    heartbeats: metrics('ops_job_heartbeats'),
    invalidations: metrics('ops_metrics_invalidations'),
    detectState: metrics('ops_detect_state'),
    rebuilds: metrics('ops_rebuilds'),
    droppedHours: metrics('ops_metrics_dropped_hours'),
    auditState: metrics('ops_audit_state'),
    knownGroups: metrics('ops_known_groups'),
    runs: metrics('ops_runs'),
  };
}

/** A schema's name comes from the host's options: quoted, so that it is never anything but a name. */
function qualified(schema: string | undefined, table: string): string {
  return schema === undefined ? table : `"${schema.replaceAll('"', '""')}".${table}`;
}

export const OPS_TABLES: OpsTables = opsTables();

/** A statement and its bound values; builders return it, services send it. */
export interface SqlStatement {
  readonly text: string;
  readonly values: unknown[];
}

/** Injection token for {@link OpsTables}. */
export const OPS_TABLES_TOKEN = Symbol('OPS_TABLES');
