import { migrate, revertLast } from '../database/migrate.js';
import { dataSourceOf, withServices } from './context.js';

export async function migrateCommand(options: { revert?: boolean }): Promise<void> {
  await withServices(
    async (app) => {
      const dataSource = dataSourceOf(app);
      if (options.revert === true) {
        const reverted = await revertLast(dataSource);
        console.log(reverted === null ? 'Nothing to revert.' : `Reverted ${reverted}`);
        return;
      }
      const applied = await migrate(dataSource);
      console.log(
        applied.length === 0 ? 'Nothing to apply.' : applied.map((name) => `Applied ${name}`).join('\n'),
      );
    },
    { needsMigrations: false },
  );
}
