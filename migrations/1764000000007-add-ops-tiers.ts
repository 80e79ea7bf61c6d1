import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  addMissingColumns,
  createIndexIfAbsent,
  createTableIfAbsent,
  dropAdded,
  dropCreated,
  type IndexDefinition,
} from './support/adopt.js';
import { columnsOf, requireFollowable } from './support/require.js';

const INVALIDATIONS = 'ops_metrics_invalidations';
/** Changed in one statement with the columns that it needs, so that it is done once and wholly. */
const rekey = (key: string): string[] => [
  `DROP CONSTRAINT ${INVALIDATIONS}_pkey`,
  `ADD CONSTRAINT ${INVALIDATIONS}_pkey PRIMARY KEY (${key})`,
];

const INVALIDATION_COLUMNS = [
  ['tier', `varchar(8) NOT NULL DEFAULT 'hour'`],
  ['loss_seen_at', 'timestamptz'],
  ['loss_rows', 'bigint'],
] as const;

const DETECT_COLUMNS = [
  ['seen_id', 'bigint'],
  ['writers', `jsonb NOT NULL DEFAULT '{}'`],
  ['held_since', 'timestamptz'],
  ['held_by', 'text'],
  ['provisional', 'boolean NOT NULL DEFAULT false'],
] as const;

const TABLES = {
  ops_audit_state: `  lane varchar(16) PRIMARY KEY,
  position timestamptz,
  round_started_at timestamptz,
  last_round_started_at timestamptz,
  audited_hours bigint NOT NULL DEFAULT 0,
  differing_hours bigint NOT NULL DEFAULT 0,
  paid_until timestamptz NOT NULL DEFAULT '-infinity',
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()`,
  ops_known_groups: `  group_id bigint PRIMARY KEY,
  platform varchar(50),
  previous_platform varchar(50),
  changed_at timestamptz,
  deleted_at timestamptz`,
} as const;

const METRICS_TABLES = [
  { grain: 'hourly', bucket: 'bucket_start' },
  { grain: 'daily', bucket: 'bucket_date' },
] as const;

/** The time that this module wrote into computed_at: another program that writes the row changes only one of them. */
const METRICS_COLUMNS = [['written_at', 'timestamptz']] as const;

const METRICS_INDEXES = {
  /** Finds the rows that an older version of the code, or another program, wrote last. */
  definition: ({ grain, bucket }: (typeof METRICS_TABLES)[number]): IndexDefinition => [
    `idx_ops_metrics_${grain}_definition`,
    `((CASE WHEN written_at IS DISTINCT FROM computed_at THEN 0 ELSE definition_version END), ${bucket})`,
  ],
  /** Finds the oldest hour that still has a distribution: one entry an hour, while it has. */
  distributed: [
    'idx_ops_metrics_hourly_distributed',
    `(bucket_start)
    WHERE platform IS NULL AND group_id IS NULL AND (duration_values IS NOT NULL OR ttft_values IS NOT NULL)`,
  ] as const,
};

/** Days that the release before this one would have found by comparing times: none of them may be forgotten. */
const NOTE_STALE_DAYS = `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason)
SELECT 'day', h.day, 'hours'
FROM (
  SELECT date_bin(interval '24 hours', bucket_start, timestamptz '1970-01-01 00:00:00Z') AS day,
    max(computed_at) AS computed_at
  FROM ops_metrics_hourly GROUP BY 1
) h
LEFT JOIN (SELECT bucket_date, min(computed_at) AS computed_at FROM ops_metrics_daily GROUP BY 1) d
  ON d.bucket_date = (h.day AT TIME ZONE 'UTC')::date
WHERE d.bucket_date IS NULL OR d.computed_at < h.computed_at
ON CONFLICT DO NOTHING`;

/** Days become buckets that are stale by themselves; what detection and the audit remember. */
export class AddOpsTiers1764000000007 implements MigrationInterface {
  public readonly name = 'AddOpsTiers1764000000007';

  public async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['usage_logs', 'ops_error_logs']) {
      await requireFollowable(queryRunner, table);
    }
    await addMissingColumns(queryRunner, INVALIDATIONS, INVALIDATION_COLUMNS, rekey('tier, bucket_start'));
    await addMissingColumns(queryRunner, 'ops_detect_state', DETECT_COLUMNS);
    for (const [table, ddl] of Object.entries(TABLES)) {
      await createTableIfAbsent(queryRunner, table, ddl);
    }
    for (const table of METRICS_TABLES) {
      await addMissingColumns(queryRunner, `ops_metrics_${table.grain}`, METRICS_COLUMNS);
      await createIndexIfAbsent(queryRunner, `ops_metrics_${table.grain}`, METRICS_INDEXES.definition(table));
    }
    await createIndexIfAbsent(queryRunner, 'ops_metrics_hourly', METRICS_INDEXES.distributed);
    await queryRunner.query(NOTE_STALE_DAYS);
  }

  public async down(queryRunner: QueryRunner): Promise<void> {
    await dropAdded(queryRunner, 'ops_metrics_hourly', { indexes: [METRICS_INDEXES.distributed[0]] });
    for (const table of METRICS_TABLES) {
      await dropAdded(queryRunner, `ops_metrics_${table.grain}`, {
        indexes: [METRICS_INDEXES.definition(table)[0]],
        columns: METRICS_COLUMNS.map(([column]) => column),
      });
    }
    for (const table of Object.keys(TABLES)) {
      await dropCreated(queryRunner, table);
    }
    await dropAdded(queryRunner, 'ops_detect_state', { columns: DETECT_COLUMNS.map(([column]) => column) });
    if ((await columnsOf(queryRunner, INVALIDATIONS)).has('tier')) {
      // A release without tiers takes every row for an hour; it finds stale days by itself.
      await queryRunner.query(`DELETE FROM ${INVALIDATIONS} WHERE tier <> 'hour'`);
      const columns = INVALIDATION_COLUMNS.map(([column]) => column);
      await dropAdded(queryRunner, INVALIDATIONS, { columns }, rekey('bucket_start'));
    }
  }
}
