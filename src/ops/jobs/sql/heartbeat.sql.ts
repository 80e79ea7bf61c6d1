import type { OpsTables } from '../../definitions/ops-tables.js';
import type { SqlStatement } from '../../sql/sql-statement.js';

/** What a run of a job came to. */
export interface JobRun {
  readonly jobName: string;
  readonly durationMs: number;
  /** The error's text, or null for a run that succeeded. */
  readonly error: string | null;
  /** What it did; kept from the last run that succeeded. */
  readonly result: unknown;
  /** Where the last one that is recorded is not so many seconds old, it is left as it is. */
  readonly afterSeconds: number;
}

/** Bound: job name, duration in ms, error or null, result as JSON or null, seconds. */
export function recordRun(tables: OpsTables, run: JobRun): SqlStatement {
  return {
    text: `INSERT INTO ${tables.heartbeats} AS h
  (job_name, last_run_at, last_duration_ms, last_success_at, last_error_at, last_error, last_result)
VALUES ($1, clock_timestamp(), $2,
  CASE WHEN $3::text IS NULL THEN clock_timestamp() END,
  CASE WHEN $3::text IS NOT NULL THEN clock_timestamp() END, $3::text, $4::text)
ON CONFLICT (job_name) DO UPDATE SET
  last_run_at = EXCLUDED.last_run_at,
  last_duration_ms = EXCLUDED.last_duration_ms,
  last_success_at = COALESCE(EXCLUDED.last_success_at, h.last_success_at),
  last_error_at = COALESCE(EXCLUDED.last_error_at, h.last_error_at),
  last_error = COALESCE(EXCLUDED.last_error, h.last_error),
  last_result = COALESCE(EXCLUDED.last_result, h.last_result)
WHERE h.last_run_at IS NULL OR h.last_run_at + make_interval(secs => $5::float8) <= EXCLUDED.last_run_at
  OR h.last_error_at >= h.last_run_at`,
    values: [
      run.jobName,
      run.durationMs,
      run.error,
      run.result === null ? null : JSON.stringify(run.result),
      run.afterSeconds,
    ],
  };
}
