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
}

export const OPS_TABLES: OpsTables = {
  usageLogs: 'usage_logs',
  errorLogs: 'ops_error_logs',
  groups: 'groups',
  hourly: 'ops_metrics_hourly',
  daily: 'ops_metrics_daily',
  heartbeats: 'ops_job_heartbeats',
  invalidations: 'ops_metrics_invalidations',
  detectState: 'ops_detect_state',
  rebuilds: 'ops_rebuilds',
};

/** A statement and its bound values; builders return it, services send it. */
export interface SqlStatement {
  readonly text: string;
  readonly values: unknown[];
}

/** Injection token for {@link OpsTables}. */
export const OPS_TABLES_TOKEN = Symbol('OPS_TABLES');
