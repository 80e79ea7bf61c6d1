import type { DataSource } from 'typeorm';
import type { SqlStatement } from '../../../src/ops/sql/sql-statement.js';

/** One scan of a table in an executed plan. */
export interface Scan {
  readonly table: string;
  readonly node: string;
  /** Index condition, as text; empty without one. */
  readonly condition: string;
  /** Rows that all loops returned. */
  readonly rowsRead: number;
  /** Before PostgreSQL 18 the rows of each loop are rounded to a whole number. */
  readonly loops: number;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'Recheck Cond'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  Plans?: PlanNode[];
}

/** Executes a statement and lists the scans of its plan. */
export async function scansOf(
  dataSource: DataSource,
  text: string,
  values: unknown[],
): Promise<readonly Scan[]> {
  return scansIn(await executedPlan<PlanNode>(dataSource, 'ANALYZE', text, values));
}

/** Executes a statement as reads do, without JIT, gives the topmost node of its plan, and takes back what it did. */
export async function executedPlan<Node>(
  dataSource: DataSource,
  options: string,
  text: string,
  values: unknown[],
  before?: SqlStatement,
): Promise<Node> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query('SET LOCAL jit = off');
    if (before !== undefined) await runner.query(before.text, before.values);
    const rows = (await runner.query(`EXPLAIN (${options}, FORMAT JSON) ${text}`, values)) as [
      { 'QUERY PLAN': [{ Plan: Node }] },
    ];
    return rows[0]['QUERY PLAN'][0].Plan;
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
}

function scansIn(node: PlanNode): Scan[] {
  const below = (node.Plans ?? []).flatMap((child) => scansIn(child));
  const table = node['Relation Name'];
  if (table === undefined) {
    return below;
  }
  const condition = node['Index Cond'] ?? node['Recheck Cond'] ?? '';
  const rowsRead = node['Actual Rows'] * node['Actual Loops'];
  return [{ table, node: node['Node Type'], condition, rowsRead, loops: node['Actual Loops'] }, ...below];
}
