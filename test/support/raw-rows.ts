import type { DataSource } from 'typeorm';
import {
  COST_COLUMNS,
  COUNT_COLUMNS,
  LATENCY_COLUMNS,
  SPLIT_COLUMNS,
  SPLIT_COUNT_COLUMNS,
  type DailyRow,
  type HourlyRow,
  type LatencyMetrics,
  type Metrics,
  type RawError,
  type RawGroup,
  type RawUsage,
} from './oracle/types.js';
import { moneyOf, moneyText } from './oracle/money.js';

type StoredRow = Record<string, unknown>;

const TOKEN_COLUMNS = ['input_tokens', 'output_tokens', 'cache_creation_tokens', 'cache_read_tokens'];
const KEY_COLUMNS = ['model', 'account_id', 'api_key_id'];

/** Empties the raw tables. */
export async function truncateRaw(dataSource: DataSource): Promise<void> {
  await dataSource.query('TRUNCATE groups, usage_logs, ops_error_logs');
}

/** Empties the rollup tables. */
export async function truncateMetrics(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    'TRUNCATE ops_metrics_hourly, ops_metrics_daily, ops_metrics_dimension_hourly, ops_metrics_dimension_daily',
  );
}

/**
 * Lets usage rows name groups that do not exist and have NULL token counts, costs and keys: the specification has them, and a
 * host's own usage_logs need not have the constraints that this project's migration declares.
 */
export async function loosenUsage(dataSource: DataSource): Promise<void> {
  const keys = await dataSource.query<{ name: string }[]>(
    `SELECT quote_ident(conname) AS name FROM pg_constraint WHERE conrelid = 'usage_logs'::regclass AND contype = 'f'`,
  );
  const changes = [
    ...keys.map(({ name }) => `DROP CONSTRAINT ${name}`),
    ...[...TOKEN_COLUMNS, ...COST_COLUMNS, ...KEY_COLUMNS].map(
      (name) => `ALTER COLUMN ${name} DROP NOT NULL`,
    ),
  ];
  await dataSource.query(`ALTER TABLE usage_logs ${changes.join(', ')}`);
}

/** Inserts groups under their own ids. */
export async function insertGroups(dataSource: DataSource, groups: readonly RawGroup[]): Promise<void> {
  await dataSource.query(
    `INSERT INTO groups (id, name, platform)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])`,
    [groups.map((g) => g.id), groups.map((g) => g.name), groups.map((g) => g.platform)],
  );
}

/** Inserts usage rows; a null token count is written as NULL, not left to the column's default. */
export async function insertUsage(dataSource: DataSource, usage: readonly RawUsage[]): Promise<void> {
  await dataSource.query(
    `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, output_tokens,
                             cache_creation_tokens, cache_read_tokens, stream, duration_ms, first_token_ms,
                             total_cost, actual_cost, created_at)
     SELECT 1, u.api_key_id, u.account_id, u.model, u.group_id, u.input, u.output, u.cache_creation, u.cache_read,
            u.first_token_ms IS NOT NULL, u.duration_ms, u.first_token_ms,
            u.total_cost, u.actual_cost, u.created_at
       FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::timestamptz[],
                   $9::text[], $10::bigint[], $11::bigint[], $12::numeric[], $13::numeric[])
         AS u(group_id, input, output, cache_creation, cache_read, duration_ms, first_token_ms, created_at,
              model, account_id, api_key_id, total_cost, actual_cost)`,
    [
      usage.map((u) => u.groupId),
      usage.map((u) => u.inputTokens),
      usage.map((u) => u.outputTokens),
      usage.map((u) => u.cacheCreationTokens),
      usage.map((u) => u.cacheReadTokens),
      usage.map((u) => u.durationMs),
      usage.map((u) => u.firstTokenMs),
      usage.map((u) => u.createdAt),
      usage.map((u) => u.model),
      usage.map((u) => u.accountId),
      usage.map((u) => u.apiKeyId),
      usage.map((u) => (u.totalCost === null ? null : moneyText(u.totalCost))),
      usage.map((u) => (u.actualCost === null ? null : moneyText(u.actualCost))),
    ],
  );
}

/** Inserts error rows. */
export async function insertErrors(dataSource: DataSource, errors: readonly RawError[]): Promise<void> {
  await dataSource.query(
    `INSERT INTO ops_error_logs (error_phase, error_type, platform, group_id, status_code, upstream_status_code,
                                 error_owner, is_business_limited, created_at, model, account_id, api_key_id)
     SELECT e.*
       FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[], $6::int[], $7::text[], $8::boolean[],
                   $9::timestamptz[], $10::text[], $11::bigint[], $12::bigint[]) AS e`,
    [
      errors.map((e) => e.errorPhase),
      errors.map((e) => e.errorType),
      errors.map((e) => e.platform),
      errors.map((e) => e.groupId),
      errors.map((e) => e.statusCode),
      errors.map((e) => e.upstreamStatusCode),
      errors.map((e) => e.errorOwner),
      errors.map((e) => e.isBusinessLimited),
      errors.map((e) => e.createdAt),
      errors.map((e) => e.model),
      errors.map((e) => e.accountId),
      errors.map((e) => e.apiKeyId),
    ],
  );
}

/** Everything that the raw tables hold, as the oracle takes it. */
export async function readRaw(
  dataSource: DataSource,
): Promise<{ groups: RawGroup[]; usage: RawUsage[]; errors: RawError[] }> {
  const createdAt = `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAt"`;
  // What a gateway's table does not have is NULL.
  const of = (column: string): string => `to_jsonb(r) ->> '${column}'`;
  const keys = `${of('model')} AS model, (${of('account_id')})::float8 AS "accountId", (${of('api_key_id')})::float8 AS "apiKeyId"`;
  type Priced = Omit<RawUsage, 'totalCost' | 'actualCost'> &
    Record<'totalCost' | 'actualCost', string | null>;
  const usage = await dataSource.query<Priced[]>(
    `SELECT group_id::float8 AS "groupId", input_tokens::float8 AS "inputTokens", output_tokens::float8 AS "outputTokens",
            cache_creation_tokens::float8 AS "cacheCreationTokens", cache_read_tokens::float8 AS "cacheReadTokens",
            duration_ms::int AS "durationMs", first_token_ms::int AS "firstTokenMs", ${of('total_cost')} AS "totalCost",
            ${of('actual_cost')} AS "actualCost", ${keys}, ${createdAt}
       FROM usage_logs r`,
  );
  const amount = (text: string | null): bigint | null => (text === null ? null : moneyOf(text));
  return {
    groups: await dataSource.query('SELECT id::float8, name, platform FROM groups'),
    usage: usage.map((row) => ({
      ...row,
      totalCost: amount(row.totalCost),
      actualCost: amount(row.actualCost),
    })),
    errors: await dataSource.query(
      `SELECT platform, group_id::float8 AS "groupId", status_code::int AS "statusCode",
              upstream_status_code::int AS "upstreamStatusCode", error_owner AS "errorOwner", ${of('error_phase')} AS "errorPhase",
              ${of('error_type')} AS "errorType", is_business_limited AS "isBusinessLimited", ${keys}, ${createdAt}
         FROM ops_error_logs r`,
    ),
  };
}

const METRIC_COLUMNS = [...COUNT_COLUMNS, ...SPLIT_COLUMNS, ...LATENCY_COLUMNS];

const textOrNull = (amount: bigint | null): string | null => (amount === null ? null : moneyText(amount));

/** Writes hourly rows as they are, as an earlier version or another program might have left them. */
export async function insertHourly(dataSource: DataSource, rows: readonly HourlyRow[]): Promise<void> {
  const names = ['bucket_start', 'platform', 'group_id', ...METRIC_COLUMNS].join(', ');
  const records = rows.map((row) => ({
    ...row,
    ...Object.fromEntries(COUNT_COLUMNS.map((name) => [name, row[name].toString()])),
    ...Object.fromEntries(SPLIT_COUNT_COLUMNS.map((name) => [name, row[name]?.toString() ?? null])),
    ...Object.fromEntries(COST_COLUMNS.map((name) => [name, textOrNull(row[name])])),
  }));
  await dataSource.query(
    `INSERT INTO ops_metrics_hourly (${names})
     SELECT ${names} FROM jsonb_populate_recordset(NULL::ops_metrics_hourly, $1::jsonb)`,
    [JSON.stringify(records)],
  );
}

/** The whole hourly, or minutely, table, with instants in UTC whatever the session's TimeZone. */
export async function readHourly(
  dataSource: DataSource,
  grain: 'hourly' | 'minutely' = 'hourly',
): Promise<HourlyRow[]> {
  const rows = await dataSource.query<StoredRow[]>(
    `SELECT to_char(bucket_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS bucket,
            platform, group_id, ${METRIC_COLUMNS.join(', ')}
       FROM ops_metrics_${grain}
      ORDER BY bucket_start, platform NULLS FIRST, group_id NULLS FIRST`,
  );
  return rows.map((row) => ({ bucket_start: String(row.bucket), ...levelOf(row), ...metricsOf(row) }));
}

/** The whole daily table. */
export async function readDaily(dataSource: DataSource): Promise<DailyRow[]> {
  const rows = await dataSource.query<StoredRow[]>(
    `SELECT to_char(bucket_date, 'YYYY-MM-DD') AS bucket, platform, group_id, ${METRIC_COLUMNS.join(', ')}
       FROM ops_metrics_daily
      ORDER BY bucket_date, platform NULLS FIRST, group_id NULLS FIRST`,
  );
  return rows.map((row) => ({ bucket_date: String(row.bucket), ...levelOf(row), ...metricsOf(row) }));
}

function levelOf(row: StoredRow): { platform: string | null; group_id: number | null } {
  const { platform, group_id: groupId } = row;
  return {
    platform: typeof platform === 'string' ? platform : null,
    group_id: groupId === null ? null : Number(groupId),
  };
}

/** Counts, and sums that came later, as exact whole numbers (see oracle/money.ts). */
export function countsOf(
  row: StoredRow,
): Pick<Metrics, (typeof COUNT_COLUMNS | typeof SPLIT_COLUMNS)[number]> {
  const exact = (names: readonly string[], read: (text: string) => bigint): [string, bigint | null][] =>
    names.map((name) => [name, row[name] === null ? null : read(String(row[name] as string | number))]);
  return Object.fromEntries([
    ...exact([...COUNT_COLUMNS, ...SPLIT_COUNT_COLUMNS], BigInt),
    ...exact(COST_COLUMNS, moneyOf),
  ]) as ReturnType<typeof countsOf>;
}

function metricsOf(row: StoredRow): Metrics {
  const latencies = LATENCY_COLUMNS.map((name) => [name, row[name] === null ? null : Number(row[name])]);
  return { ...countsOf(row), ...(Object.fromEntries(latencies) as LatencyMetrics) };
}
