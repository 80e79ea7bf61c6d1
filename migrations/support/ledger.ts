import type { QueryRunner } from 'typeorm';

/**
 * Which objects the migrations of this project really created.
 *
 * The tables may have been there before, made by another program: then they are adopted, and `down` must leave
 * them alone. IF NOT EXISTS alone cannot tell the two cases apart afterwards, so every object that is created is
 * written down here, and only what is written down is ever dropped.
 */
const LEDGER = 'ops_schema_objects';

export type SchemaObjectKind = 'table' | 'column' | 'index';

export async function createLedger(queryRunner: QueryRunner): Promise<void> {
  await queryRunner.query(
    `CREATE TABLE IF NOT EXISTS ${LEDGER} (
      kind varchar(16) NOT NULL,
      name varchar(200) NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (kind, name)
    )`,
  );
}

/** Drops the ledger when the last object has gone; a non-empty one stays. */
export async function dropEmptyLedger(queryRunner: QueryRunner): Promise<void> {
  const rows = (await ledgerExists(queryRunner))
    ? ((await queryRunner.query(`SELECT 1 FROM ${LEDGER} LIMIT 1`)) as unknown[])
    : [undefined];
  if (rows.length === 0) {
    await queryRunner.query(`DROP TABLE ${LEDGER}`);
  }
}

async function ledgerExists(queryRunner: QueryRunner): Promise<boolean> {
  const rows = (await queryRunner.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [LEDGER])) as unknown[];
  return rows.length > 0;
}

export async function recordCreated(
  queryRunner: QueryRunner,
  kind: SchemaObjectKind,
  name: string,
): Promise<void> {
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
  if (!(await ledgerExists(queryRunner))) {
    return false;
  }
  const rows = (await queryRunner.query(`SELECT 1 FROM ${LEDGER} WHERE kind = $1 AND name = $2`, [
    kind,
    name,
  ])) as unknown[];
  return rows.length > 0;
}

/** True, once, for an object that {@link recordCreated} wrote down; forgets it. */
export async function takeCreated(
  queryRunner: QueryRunner,
  kind: SchemaObjectKind,
  name: string,
): Promise<boolean> {
  if (!(await ledgerExists(queryRunner))) {
    return false;
  }
  const rows = (await queryRunner.query(
    `WITH gone AS (DELETE FROM ${LEDGER} WHERE kind = $1 AND name = $2 RETURNING 1) SELECT 1 FROM gone`,
    [kind, name],
  )) as unknown[];
  return rows.length > 0;
}
