import type { OpsTables } from '../metrics/ops-tables.js';
import { selectRows, type SqlRunner } from '../metrics/sql-runner.js';
import type { BreakdownBy } from './level.js';
import type { MeasuresAdder } from './measures.js';
import type { BreakdownItem } from './read.types.js';
import { groupNames, type GroupNameRow } from './sql/group-names.sql.js';

interface BreakdownParts {
  readonly by: BreakdownBy;
  readonly limit: number;
  readonly adders: ReadonlyMap<string, MeasuresAdder>;
  readonly seconds: number;
}

/** The busiest platforms or groups first; equally busy ones in the order of their names or ids. */
export async function breakdownItems(
  runner: SqlRunner,
  tables: OpsTables,
  { by, limit, adders, seconds }: BreakdownParts,
): Promise<BreakdownItem[]> {
  const order = new Intl.Collator('en', { numeric: true });
  const busiest = [...adders]
    .sort(([keyA, a], [keyB, b]) => b.requests - a.requests || order.compare(keyA, keyB))
    .slice(0, limit);
  if (by === 'platform') {
    return busiest.map(([platform, adder]) => ({
      platform,
      groupId: null,
      groupName: null,
      ...adder.measures(seconds),
    }));
  }
  const ids = busiest.map(([id]) => id);
  const rows = await selectRows<GroupNameRow>(runner, groupNames(tables, ids));
  const groups = new Map(rows.map((row) => [row.id, row]));
  return busiest.map(([groupId, adder]) => {
    const group = groups.get(groupId);
    return {
      platform: group?.platform ?? null,
      groupId,
      groupName: group?.name ?? null,
      ...adder.measures(seconds),
    };
  });
}
