import type { MigrationInterface, QueryRunner } from 'typeorm';

export type MigrationClass = new () => MigrationInterface;

/**
 * The same migration with `schema` as the search path, where its unqualified names then are found and created.
 * The class keeps its name, by which TypeORM orders and records it.
 */
export function inSchema(Migration: MigrationClass, schema: string): MigrationClass {
  const inner = new Migration();
  const identifier = `"${schema.replaceAll('"', '""')}"`;
  const within = async (queryRunner: QueryRunner, work: () => Promise<void>): Promise<void> => {
    await queryRunner.query(`CREATE SCHEMA IF NOT EXISTS ${identifier}`);
    const [before] = (await queryRunner.query("SELECT current_setting('search_path') AS path")) as {
      path: string;
    }[];
    const path = before?.path ?? '';
    // Nothing else on the path: tables of these names elsewhere belong to somebody else. Not SET LOCAL, since a host
    // may run migrations without a transaction; in one, a rollback restores the path.
    await queryRunner.query("SELECT set_config('search_path', $1, false)", [identifier]);
    const restore = (): Promise<unknown> =>
      queryRunner.query("SELECT set_config('search_path', $1, false)", [path]);
    try {
      await work();
    } catch (error) {
      // The path may have been committed meanwhile, and the caller's rollback must not undo that it is restored.
      const inside = queryRunner.isTransactionActive;
      if (inside) {
        await queryRunner.rollbackTransaction().catch(() => undefined);
      }
      await restore().catch(() => undefined); // The connection may be what was lost.
      if (inside) {
        await queryRunner.startTransaction().catch(() => undefined);
      }
      throw error;
    }
    await restore();
  };
  const InSchema = class implements MigrationInterface {
    public readonly name = inner.name ?? Migration.name;

    public async up(queryRunner: QueryRunner): Promise<void> {
      await within(queryRunner, () => inner.up(queryRunner));
    }

    public async down(queryRunner: QueryRunner): Promise<void> {
      await within(queryRunner, () => inner.down(queryRunner));
    }
  };
  Object.defineProperty(InSchema, 'name', { value: Migration.name });
  return InSchema;
}
