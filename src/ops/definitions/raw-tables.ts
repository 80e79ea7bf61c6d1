import type { OpsTables } from './ops-tables.js';

/** The raw tables that detection follows; the key is what ops_detect_state calls them. */
export type RawTableKey = 'usage_logs' | 'ops_error_logs';

export interface RawTable {
  readonly key: RawTableKey;
  /** The side of an hour that its rows make up. */
  readonly side: 'usage' | 'errors';
  /** Name as it stands in a statement. */
  readonly name: string;
}

export function rawTables(tables: OpsTables): readonly RawTable[] {
  return [
    { key: 'usage_logs', side: 'usage', name: tables.usageLogs },
    { key: 'ops_error_logs', side: 'errors', name: tables.errorLogs },
  ];
}
