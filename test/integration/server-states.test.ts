import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { runCommand } from '../support/command.js';
import { ask } from '../support/embedded-postgres.js';
import { eventually } from '../support/eventually.js';
import { endGatewayProcesses, GatewayProcess } from '../support/gateway-process.js';
import { startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import { createEmptyDatabase, dropDatabase, urlOf, withServer } from '../support/test-database.js';

describe('a server that is not at its best', () => {
  let server: RestartableServer;

  beforeAll(async () => {
    server = await startRestartableServer();
    const dataSource = await createDataSource(server.url).initialize();
    await migrate(dataSource);
    await dataSource.destroy();
  }, 120_000);
  afterEach(endGatewayProcesses);
  afterAll(async () => {
    await server.remove();
  }, 120_000);

  it('is waited for while it takes no connections yet', async () => {
    await server.stopImmediately();
    await server.startAsStandby(false);
    const gateway = GatewayProcess.launch(server.url, 'early');
    await eventually(
      () => Promise.resolve(gateway.output.includes('takes no connections yet')),
      'told to wait',
    );
    expect(gateway.runs).toBe(true);
    await server.promote();
    await gateway.listening();
    expect((await gateway.ask('GET', '/ready'))[0]).toBe(200);
  }, 120_000);

  it('is not ready as a standby, and the answer says read-only; idle connections that broke are in the log', async () => {
    const gateway = await GatewayProcess.start(server.url, 'outlives', { OPS_JOBS_ENABLED: 'false' });
    await gateway.ask('GET', '/ready');
    await server.stopImmediately();
    await eventually(
      () => Promise.resolve(/idle connection was lost.*terminat/.test(gateway.output)),
      'logged',
    );
    for (const path of ['status', 'rebuilds', 'overview?from=2026-01-01T00:00Z&to=2026-02-01T00:00Z']) {
      expect(await gateway.ask('GET', `/admin/ops/${path}`)).toMatchObject([
        503,
        { code: 'DATABASE_UNAVAILABLE' },
      ]);
    }
    expect(gateway.output).toMatch(/There is no connection to the database: connect ECONNREFUSED/);
    await server.startAsStandby(true);
    const answer = await eventually(async () => {
      const [status, body] = await gateway.ask('GET', '/ready');
      return JSON.stringify(body).includes('not reachable') ? undefined : { status, body };
    }, 'connected again');
    expect(answer).toMatchObject({
      status: 503,
      body: { message: expect.stringMatching(/database read-only/) },
    });
    await server.promote();
    await eventually(async () => (await gateway.ask('GET', '/ready'))[0] === 200, 'ready');
  }, 120_000);
});

describe('a role whose sessions may not idle in a transaction', () => {
  it('is migrated, and the command says so', async () => {
    const name = await createEmptyDatabase('no_idling');
    await withServer((client) =>
      client.query(`ALTER DATABASE ${name} SET idle_in_transaction_session_timeout = 20`),
    );
    expect(await ask(urlOf(name), 'SHOW idle_in_transaction_session_timeout')).toBe('20ms');
    expect(await runCommand(urlOf(name), ['migrate'])).toMatchObject({ code: 0, stderr: '' });
    expect(await runCommand(urlOf(name), ['migrate'])).toMatchObject({ stdout: 'Nothing to apply.\n' });
    await dropDatabase(name);
  });
});
