import type { NewErrorLog } from '../raw-log.types.js';
import { unnestInsert } from './unnest-insert.js';

/** One INSERT of a batch of error rows. */
export const insertErrorLogs = unnestInsert<NewErrorLog>('ops_error_logs', [
  { name: 'request_id', type: 'varchar', value: (row) => row.requestId },
  { name: 'user_id', type: 'bigint', value: (row) => row.userId },
  { name: 'api_key_id', type: 'bigint', value: (row) => row.apiKeyId },
  { name: 'account_id', type: 'bigint', value: (row) => row.accountId },
  { name: 'group_id', type: 'bigint', value: (row) => row.groupId },
  { name: 'platform', type: 'varchar', value: (row) => row.platform },
  { name: 'model', type: 'varchar', value: (row) => row.model },
  { name: 'error_phase', type: 'varchar', value: (row) => row.errorPhase },
  { name: 'error_type', type: 'varchar', value: (row) => row.errorType },
  { name: 'severity', type: 'varchar', value: (row) => row.severity, fallback: `'P2'` },
  { name: 'status_code', type: 'int', value: (row) => row.statusCode },
  { name: 'upstream_status_code', type: 'int', value: (row) => row.upstreamStatusCode },
  { name: 'error_owner', type: 'varchar', value: (row) => row.errorOwner },
  { name: 'is_business_limited', type: 'boolean', value: (row) => row.isBusinessLimited, fallback: 'false' },
  { name: 'error_message', type: 'text', value: (row) => row.errorMessage },
  { name: 'created_at', type: 'timestamptz', value: (row) => row.createdAt, fallback: 'now()' },
]);
