import type { NewUsageLog } from '../raw-log.types.js';
import { unnestInsert } from './unnest-insert.js';

/** One INSERT of a batch of usage rows. */
export const insertUsageLogs = unnestInsert<NewUsageLog>('usage_logs', [
  { name: 'user_id', type: 'bigint', value: (row) => row.userId },
  { name: 'api_key_id', type: 'bigint', value: (row) => row.apiKeyId },
  { name: 'account_id', type: 'bigint', value: (row) => row.accountId },
  { name: 'request_id', type: 'varchar', value: (row) => row.requestId },
  { name: 'model', type: 'varchar', value: (row) => row.model },
  { name: 'group_id', type: 'bigint', value: (row) => row.groupId },
  { name: 'input_tokens', type: 'int', value: (row) => row.inputTokens, fallback: '0' },
  { name: 'output_tokens', type: 'int', value: (row) => row.outputTokens, fallback: '0' },
  { name: 'cache_creation_tokens', type: 'int', value: (row) => row.cacheCreationTokens, fallback: '0' },
  { name: 'cache_read_tokens', type: 'int', value: (row) => row.cacheReadTokens, fallback: '0' },
  { name: 'total_cost', type: 'numeric', value: (row) => row.totalCost, fallback: '0' },
  { name: 'actual_cost', type: 'numeric', value: (row) => row.actualCost, fallback: '0' },
  { name: 'stream', type: 'boolean', value: (row) => row.stream, fallback: 'false' },
  { name: 'duration_ms', type: 'int', value: (row) => row.durationMs },
  { name: 'first_token_ms', type: 'int', value: (row) => row.firstTokenMs },
  { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt, fallback: 'now()' },
]);
