import type { OpsTables } from './ops-tables.js';

/** The raw tables that detection follows; the key is what ops_detect_state calls them. */
export type RawTableKey = 'usage_logs' | 'ops_error_logs';

export interface RawTable {
  readonly key: RawTableKey;
  /** The side of an hour that its rows make up. */
  readonly side: 'usage' | 'errors';
  /** Name as it stands in a statement. */
  readonly name: string;
  /** A bigint as text: ids from there on are of rows that were written through a worker of a Citus cluster; or null. */
  readonly workerIds: string | null;
}

/** Citus gives each node a range of a sequence's 64 bits by its number; the coordinator's is 0. */
const WORKER_IDS = String(2n ** 48n);

export function rawTables(tables: OpsTables): readonly RawTable[] {
  const { usageIdsByNode, errorIdsByNode } = tables.distributed;
  return [
    {
      key: 'usage_logs',
      side: 'usage',
      name: tables.usageLogs,
      workerIds: usageIdsByNode ? WORKER_IDS : null,
    },
    {
      key: 'ops_error_logs',
      side: 'errors',
      name: tables.errorLogs,
      workerIds: errorIdsByNode ? WORKER_IDS : null,
    },
  ];
}
