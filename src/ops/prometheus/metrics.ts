/** A metric of `GET /metrics`. Units are base units: seconds, counts, ratios from 0 to 1. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly labels?: readonly string[];
}

const gauge = (name: string, help: string, labels: readonly string[] = []): MetricDefinition => ({
  name,
  type: 'gauge',
  help,
  labels,
});

const counter = (name: string, help: string, labels: readonly string[] = []): MetricDefinition => ({
  name,
  type: 'counter',
  help,
  labels,
});

/** Known without the database. Counters start at 0 with the process, and count what this instance did. */
export const PROCESS_METRICS = {
  up: gauge('ops_rollup_up', '1 if the values below could be read from the database in time, else 0.'),
  definitionVersion: gauge('ops_rollup_definition_version', 'Version of what the metrics columns mean.'),
  drained: counter('ops_rollup_drained_buckets_total', 'Hours that this instance recomputed and released.'),
  failed: counter(
    'ops_rollup_failed_attempts_total',
    'Attempts of this instance to recompute an hour that failed.',
  ),
  heldBack: counter(
    'ops_rollup_held_back_buckets_total',
    'Hours that this instance held back since they would have lost more than half of their requests.',
  ),
  belowFloor: counter(
    'ops_rollup_below_floor_buckets_total',
    'Stale hours that this instance dropped since their raw rows may be gone.',
  ),
  authFailures: counter(
    'ops_admin_auth_failures_total',
    'Admin requests that this instance refused for their token, or unseen after too many such.',
  ),
  jobRunning: gauge(
    'ops_rollup_job_running_seconds',
    'How long the run under way on this instance takes already; 0 between runs.',
    ['job_name'],
  ),
  jobStuck: gauge(
    'ops_rollup_job_stuck',
    '1 if the run under way on this instance has made no progress for longer than a statement may take, else 0.',
    ['job_name'],
  ),
} as const;

/**
 * How the rollup stands: the same from every instance. Names as in sql/rollup-samples.sql.ts. The label is job_name:
 * `job` is what Prometheus calls the scraped job.
 */
const ROLLUP_METRICS: readonly MetricDefinition[] = [
  gauge('ops_rollup_job_last_success_timestamp_seconds', 'When the job last succeeded.', ['job_name']),
  gauge('ops_rollup_job_last_duration_seconds', 'How long the last run of the job took.', ['job_name']),
  gauge('ops_rollup_job_last_run_failed', '1 if the last run of the job failed, else 0.', ['job_name']),
  gauge('ops_rollup_pending_buckets', 'Closed hours and days that are stale, failing ones included.'),
  gauge('ops_rollup_waiting_buckets', 'Hours and days with new rows that are not closed yet.'),
  gauge('ops_rollup_failing_buckets', 'Minutes, hours and days whose last recomputation failed.'),
  gauge('ops_rollup_suspicious_buckets', 'Minutes, hours and days held back until somebody looks at them.'),
  gauge(
    'ops_rollup_live_lag_seconds',
    'How long ago the instant is up to which minutes are complete; absent where none are kept.',
  ),
  gauge(
    'ops_rollup_oldest_pending_age_seconds',
    'How long the oldest pending hour or day could have been recomputed; 0 without one.',
  ),
  counter('ops_rollup_late_rows_total', 'Raw rows first seen after their hour had been closed.', [
    'raw_table',
  ]),
  counter('ops_rollup_below_floor_rows_total', 'Raw rows dated below the floor: counted, and not applied.', [
    'raw_table',
  ]),
  gauge('ops_rollup_safe_id', 'Every raw row with an id up to this one has been accounted for.', [
    'raw_table',
  ]),
  gauge(
    'ops_rollup_detection_held_seconds',
    'How long transactions in flight have been holding detection back; 0 where none does.',
    ['raw_table'],
  ),
  gauge(
    'ops_rollup_losing_buckets',
    'Minutes and hours that have lost raw rows, and are watched before they are recomputed.',
  ),
  counter(
    'ops_rollup_audit_differing_buckets_total',
    'Hours in which the audit found what detection had not seen.',
    ['lane'],
  ),
  gauge(
    'ops_rollup_audit_oldest_age_seconds',
    'No hour was audited longer ago than this; during the first round, since it began.',
    ['lane'],
  ),
  gauge('ops_rollup_rebuilds', 'Requested rebuilds.', ['state']),
  gauge('ops_rollup_rebuild_buckets_left', 'Hours and days that running rebuilds still have to recompute.'),
  gauge(
    'ops_gateway_last_hour_timestamp_seconds',
    'Start of the hour that the ops_gateway_last_hour metrics tell of: the last closed one that is rolled up.',
  ),
];

const TOKENS_BY_KIND =
  'Tokens of the hour by kind: input, output, cache_creation, cache_read; absent where the hour has them only as a sum.';
const COST = "What the requests of the hour cost, in the gateway's currency";
const UNKNOWN_COST = '; absent where nobody knows.';
const ACTUAL_COST = `${COST}, as it was charged${UNKNOWN_COST}`;

const LAST_HOUR = [
  ['requests', 'Requests of the hour, successful and failed.', []],
  ['errors', 'Failed requests of the hour; sla: those that are not business-limited.', ['kind']],
  [
    'upstream_errors',
    'Errors of providers in the hour, those that a retry hid from the client included.',
    ['kind'],
  ],
  ['sla_ratio', 'Successful requests of the hour among all that are not business-limited.', []],
  ['tokens', 'Tokens of the hour.', []],
  ['tokens_by_kind', TOKENS_BY_KIND, ['kind']],
  ['total_cost', `${COST}, before multipliers${UNKNOWN_COST}`, []],
  ['actual_cost', ACTUAL_COST, []],
  ['duration_seconds', 'Percentiles of the duration of successful requests of the hour.', ['percentile']],
  ['ttft_seconds', 'Percentiles of the time to first token of the hour.', ['percentile']],
] as const;

/** Names as in sql/last-hour-samples.sql.ts. */
const LAST_HOUR_METRICS: readonly MetricDefinition[] = LAST_HOUR.flatMap(([name, help, labels]) => [
  gauge(`ops_gateway_last_hour_overall_${name}`, help, labels),
  gauge(
    `ops_gateway_last_hour_${name}`,
    `${help} By platform; beyond the largest ones, "other"${labels.join() === 'percentile' ? ', which has none' : ''}.`,
    ['platform', ...labels],
  ),
]);

/** Likewise; absent where the models are no dimension, or the hour is from before they were. */
const MODEL_METRICS: readonly MetricDefinition[] = (
  [
    ['requests', 'Requests of the hour, successful and failed.', []],
    ['errors', 'Failed requests of the hour; sla: those that are not business-limited.', ['kind']],
    ['tokens_by_kind', TOKENS_BY_KIND, ['kind']],
    ['actual_cost', ACTUAL_COST, []],
  ] as const
).map(([name, help, labels]) =>
  gauge(
    `ops_gateway_last_hour_model_${name}`,
    `${help} By model; beyond the busiest ones "(other)", without one "(none)".`,
    ['model', ...labels],
  ),
);

/** What is read from the database. */
export const DATABASE_METRICS: readonly MetricDefinition[] = [
  ...ROLLUP_METRICS,
  ...LAST_HOUR_METRICS,
  ...MODEL_METRICS,
];
