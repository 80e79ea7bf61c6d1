import type { QueryRunner } from 'typeorm';

/**
 * Which objects the migrations of this project really created.
 *
 * The tables may have been there before, made by another program: then they are adopted, and `down` must leave
 * them alone. IF NOT EXISTS alone cannot tell the two cases apart afterwards, so every object that is created is
 * written down here, and only what is written down is ever dropped. The ledger comes with its first object and goes
 * with its last.
 */
const LEDGER = 'ops_schema_objects';

export type SchemaObjectKind = 'table' | 'column' | 'index';

export async function queryRows<Row>(
  queryRunner: QueryRunner,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  return (await queryRunner.query(sql, values)) as Row[];
}

/** A relation of that name on the search path: a table, a partitioned table, a view or an index. */
export async function relationExists(queryRunner: QueryRunner, name: string): Promise<boolean> {
  return (await queryRows(queryRunner, 'SELECT 1 WHERE to_regclass($1) IS NOT NULL', [name])).length > 0;
}

export async function recordCreated(
  queryRunner: QueryRunner,
  kind: SchemaObjectKind,
  name: string,
): Promise<void> {
  if (!(await relationExists(queryRunner, LEDGER))) {
    await queryRunner.query(
      `CREATE TABLE IF NOT EXISTS ${LEDGER} (
        kind varchar(16) NOT NULL,
        name varchar(200) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (kind, name)
      )`,
    );
  }
  await queryRunner.query(`INSERT INTO ${LEDGER} (kind, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
    kind,
    name,
  ]);
}

/** Whether {@link recordCreated} wrote the object down. */
export async function isCreated(
  queryRunner: QueryRunner,
  kind: SchemaObjectKind,
  name: string,
): Promise<boolean> {
  if (!(await relationExists(queryRunner, LEDGER))) {
    return false;
  }
  const sql = `SELECT 1 FROM ${LEDGER} WHERE kind = $1 AND name = $2`;
  return (await queryRows(queryRunner, sql, [kind, name])).length > 0;
}

/** True, once, for an object that {@link recordCreated} wrote down; forgets it. */
export async function takeCreated(
  queryRunner: QueryRunner,
  kind: SchemaObjectKind,
  name: string,
): Promise<boolean> {
  const found = await isCreated(queryRunner, kind, name);
  if (found) {
    await queryRunner.query(`DELETE FROM ${LEDGER} WHERE kind = $1 AND name = $2`, [kind, name]);
  }
  if (
    (await relationExists(queryRunner, LEDGER)) &&
    (await queryRows(queryRunner, `SELECT 1 FROM ${LEDGER} LIMIT 1`)).length === 0
  ) {
    await queryRunner.query(`DROP TABLE ${LEDGER}`);
  }
  return found;
}
