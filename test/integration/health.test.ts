import { describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { readEnvironment } from '../../src/config/environment.js';
import { createApp } from '../../src/server/create-app.js';
import { migrate } from '../../src/database/migrate.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createUnmigratedDatabase, dropDatabase } from '../support/test-database.js';

describe('health and readiness', () => {
  const scene = new DatabaseScene('health', {
    each: 'test',
    create: () => createUnmigratedDatabase('health'),
  });

  async function serve(): Promise<(path: string) => Promise<Response>> {
    const served = await createApp(
      readEnvironment({
        DATABASE_URL: scene.url,
        OPS_ADMIN_TOKEN: 'a-token-of-the-tests-with-32-characters',
        OPS_JOBS_ENABLED: 'false',
        LOG_LEVEL: 'error',
      }),
    );
    await served.init();
    scene.defer(() => served.close());
    return async (path) => request(served.getHttpServer()).get(path);
  }

  it('tell a database that is not migrated, until it is, and one that is gone; the process stays up', async () => {
    const get = await serve();
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

    await migrate(scene.dataSource);
    expect(await get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { database: { status: 'up' }, migrations: { status: 'up' } } },
    });

    await scene.dataSource.destroy();
    await dropDatabase(new URL(scene.url).pathname.slice(1));
    expect(await get('/ready')).toMatchObject({
      status: 503,
      body: { message: 'Not ready: database not reachable; migrations not readable' },
    });
    expect(await get('/health')).toMatchObject({ status: 200 });
  });
});
