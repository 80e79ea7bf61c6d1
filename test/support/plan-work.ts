import type { DataSource } from 'typeorm';
import type { SqlStatement } from '../../src/ops/metrics/ops-tables.js';

interface PlanNode {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: PlanNode[];
}

/**
 * Executes a statement and counts the rows that the nodes of its plan have had in hand, those that a filter or a join
 * removed included: its work, whatever the machine and its load.
 */
export async function workOf(dataSource: DataSource, { text, values }: SqlStatement): Promise<number> {
  const [row] = await dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    `EXPLAIN (ANALYZE, TIMING off, FORMAT JSON) ${text}`,
    values,
  );
  return row === undefined ? NaN : workIn(row['QUERY PLAN'][0].Plan);
}

function workIn(node: PlanNode): number {
  const rows =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return (node.Plans ?? []).reduce((sum, child) => sum + workIn(child), rows * node['Actual Loops']);
}
