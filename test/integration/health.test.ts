import { afterEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request, { type Response } from 'supertest';
import { readEnvironment } from '../../src/config/environment.js';
import { createApp } from '../../src/server/create-app.js';
import { createDataSource } from '../../src/database/data-source.js';
import { migrate } from '../../src/database/migrate.js';
import { createEmptyDatabase, createTestDatabase, dropDatabase, urlOf } from '../support/test-database.js';

describe('health and readiness', () => {
  let app: NestExpressApplication | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function serve(url: string): Promise<(path: string) => Promise<Response>> {
    const served = await createApp(
      readEnvironment({
        DATABASE_URL: url,
        OPS_ADMIN_TOKEN: 'a-token-of-the-tests-with-32-characters',
        OPS_JOBS_ENABLED: 'false',
        LOG_LEVEL: 'error',
      }),
    );
    app = served;
    await served.init();
    return async (path) => request(served.getHttpServer()).get(path);
  }

  it('are both fine on a migrated database', async () => {
    const database = await createTestDatabase('health');
    const get = await serve(database.url);
    expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { database: { status: 'up' }, migrations: { status: 'up' } } },
    });
    await app?.close();
    app = undefined;
    await database.drop();
  });

  it('tell a database that is not migrated, until it is', async () => {
    const name = await createEmptyDatabase('health_empty');
    const get = await serve(urlOf(name));
    expect(await get('/health')).toMatchObject({ status: 200 });
    const answer = await get('/ready');
    expect(answer).toMatchObject({
      status: 503,
      body: {
        code: 'SERVICE_UNAVAILABLE',
        message: expect.stringMatching(
          /^Not ready: migrations pending: CreateRaw.*, CreateOpsMetrics1764000000002/,
        ),
      },
    });

    const dataSource = await createDataSource(urlOf(name)).initialize();
    await migrate(dataSource);
    await dataSource.destroy();
    expect(await get('/ready')).toMatchObject({ status: 200 });
    await app?.close();
    app = undefined;
    await dropDatabase(name);
  });

  it('tell a database that is gone; the process stays up', async () => {
    const database = await createTestDatabase('health_gone');
    const get = await serve(database.url);
    expect(await get('/ready')).toMatchObject({ status: 200 });
    await database.drop();
    const answer = await get('/ready');
    expect(answer).toMatchObject({
      status: 503,
      body: { message: 'Not ready: database not reachable; migrations not readable' },
    });
    expect(await get('/health')).toMatchObject({ status: 200 });
  });
});
