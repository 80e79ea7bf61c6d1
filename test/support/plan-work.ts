import type { DataSource } from 'typeorm';
import type { SqlStatement } from '../../src/ops/sql/sql-statement.js';

/** What executing a statement took, counted and not timed. */
export interface Work {
  /** Rows that the nodes of the plan took up, those included that a filter or a join removed again. */
  readonly rows: number;
  /** Blocks looked at in shared buffers. */
  readonly blocks: number;
}

interface PlanNode {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** Executes a statement. */
export async function workOf(dataSource: DataSource, { text, values }: SqlStatement): Promise<Work> {
  const [row] = await dataSource.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    values,
  );
  if (row === undefined) {
    throw new Error('EXPLAIN returned no plan');
  }
  const { Plan: plan } = row['QUERY PLAN'][0];
  return { rows: rowsOf(plan), blocks: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] };
}

function rowsOf(node: PlanNode): number {
  const perLoop =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), perLoop * node['Actual Loops']);
}
