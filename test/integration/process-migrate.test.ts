import { afterEach, describe, expect, it } from '@jest/globals';
import { createDataSource } from '../../src/database/data-source.js';
import { pendingMigrations } from '../../src/database/migrate.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { createEmptyDatabase, dropDatabase, urlOf } from '../support/test-database.js';

describe('processes that migrate an empty database at the same moment', () => {
  let name: string;

  afterEach(async () => {
    await endGatewayProcesses();
    await dropDatabase(name);
  });

  it.each([
    ['two commands', 2, 0],
    ['two commands and two gateways', 2, 2],
  ])(
    '%s: all succeed, and the schema exists once',
    async (_who, commands, gateways) => {
      name = await createEmptyDatabase('process_migrate');
      const url = urlOf(name);
      const migrating = Array.from({ length: commands }, () => GatewayProcess.command(url, ['migrate']));
      const serving = Array.from({ length: gateways }, (_, index) =>
        GatewayProcess.launch(url, `gateway-${index}`, { OPS_MIGRATE_AT_START: 'true' }),
      );
      for (const command of migrating) {
        expect({ ...(await command.ended), output: command.output }).toMatchObject({ code: 0, signal: null });
      }
      for (const gateway of serving) {
        await gateway.listening();
        expect((await gateway.ask('GET', '/ready'))[0]).toBe(200);
      }

      const dataSource = await createDataSource(url).initialize();
      try {
        expect(await pendingMigrations(dataSource)).toEqual([]);
        const applied = await dataSource.query<{ name: string }[]>(
          'SELECT name FROM ops_migrations ORDER BY id',
        );
        expect(applied.map((row) => row.name)).toEqual(
          dataSource.migrations.map((migration) => migration.name),
        );
        const changes = await dataSource.driver.createSchemaBuilder().log();
        expect(changes.upQueries.map(({ query }) => query)).toEqual([]);
      } finally {
        await dataSource.destroy();
      }
    },
    300_000,
  );
});
