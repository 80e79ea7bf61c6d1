import type { DataSource } from 'typeorm';
import type { SqlStatement } from '../../../src/ops/sql/sql-statement.js';
import { executedPlan } from './plan-scans.js';

/** What an executed plan did, summed up over its nodes. */
export interface PlanWork {
  /** Rows that the nodes returned, or took up and threw away. */
  readonly rows: number;
  /** Pages that were looked at, index pages included. */
  readonly pages: number;
  /** How often a scan of each table was started. */
  readonly scans: ReadonlyMap<string, number>;
  /** How many rows of each table all its scans returned. */
  readonly rowsOf: ReadonlyMap<string, number>;
}

interface PlanNode {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** Executes a statement, after another one in the same transaction, and sums up what its plan did. */
export async function workOf(
  dataSource: DataSource,
  { text, values }: SqlStatement,
  before?: SqlStatement,
): Promise<PlanWork> {
  const root = await executedPlan<PlanNode>(dataSource, 'ANALYZE, BUFFERS, TIMING OFF', text, values, before);
  const scans = new Map<string, number>();
  const rowsOf = new Map<string, number>();
  let rows = 0;
  const visit = (node: PlanNode): void => {
    const removed =
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Join Filter'] ?? 0) +
      (node['Rows Removed by Index Recheck'] ?? 0);
    rows += (node['Actual Rows'] + removed) * node['Actual Loops'];
    const table = node['Relation Name'];
    if (table !== undefined) {
      scans.set(table, (scans.get(table) ?? 0) + node['Actual Loops']);
      rowsOf.set(table, (rowsOf.get(table) ?? 0) + node['Actual Rows'] * node['Actual Loops']);
    }
    node.Plans?.forEach(visit);
  };
  visit(root);
  return { rows, pages: root['Shared Hit Blocks'] + root['Shared Read Blocks'], scans, rowsOf };
}
