import { migrate, revertAll, revertLast } from '../database/migrate.js';
import { OpsInputError } from '../ops/index.js';
import { dataSourceOf, withServices } from './context.js';

export async function migrateCommand(options: { revert?: boolean; all?: boolean }): Promise<void> {
  if (options.all === true && options.revert !== true) {
    throw new OpsInputError('all', 'needs --revert');
  }
  await withServices(
    async (app) => {
      const dataSource = dataSourceOf(app);
      if (options.revert === true) {
        const reverted =
          options.all === true ? await revertAll(dataSource) : [(await revertLast(dataSource)) ?? []].flat();
        console.log(
          reverted.length === 0
            ? 'Nothing to revert.'
            : reverted.map((name) => `Reverted ${name}`).join('\n'),
        );
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
