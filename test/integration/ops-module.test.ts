import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  ConsoleLogger,
  Injectable,
  Module,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import { map } from 'rxjs';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { opsMigrationsIn } from '../../migrations/index.js';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { OpsModule, OpsOptionsError, OpsPreaggService, RefreshService } from '../../src/ops/index.js';
import * as rows from '../support/raw-rows.js';
import { DatabaseScene } from '../support/database-scene.js';
import { createUnmigratedDatabase } from '../support/test-database.js';

const HOUR = [new Date('2026-03-01T05:00:00Z'), new Date('2026-03-01T06:00:00Z')] as const;

/** What a host's guard depends on. */
@Injectable()
class Keys {
  public key = 'first';
}

@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {
  public static of(key: string): DynamicModule {
    return { module: KeysModule, providers: [{ provide: Keys, useValue: { key } }], exports: [Keys] };
  }
}

@Injectable()
class KeyGuard implements CanActivate {
  public constructor(private readonly keys: Keys) {}

  public canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-key'] !== this.keys.key) throw new UnauthorizedException();
    return true;
  }
}

/** What many hosts have around every route: a guard with exceptions, answers that are wrapped, strict DTOs. */
const Public = () => SetMetadata('is-public', true);

@Module({
  providers: [
    Reflector,
    {
      provide: APP_GUARD,
      inject: [Reflector],
      useFactory: (reflector: Reflector): CanActivate => ({
        canActivate: (context) =>
          reflector.getAllAndOverride<boolean>('is-public', [context.getHandler(), context.getClass()]) ||
          context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-user'] !==
            undefined,
      }),
    },
    {
      provide: APP_INTERCEPTOR,
      useValue: {
        intercept: (_: ExecutionContext, next: CallHandler) =>
          next.handle().pipe(map((data: unknown) => ({ data }))),
      },
    },
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
    },
  ],
})
class Surroundings {}

/** A host's own provider that uses what the module exports. */
@Injectable()
class Reports {
  public constructor(private readonly rollup: OpsPreaggService) {}

  public async rollUp(): Promise<number> {
    return this.rollup.upsertHourlyMetrics(...HOUR);
  }
}

describe('OpsModule in somebody else’s application', () => {
  const scene = new DatabaseScene('ops_module');

  beforeAll(async () => {
    await rows.insertGroups(scene.dataSource, [{ id: 1, name: 'one', platform: 'openai' }]);
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, created_at)
       VALUES (1, 1, 1, 'm', 1, '2026-03-01T05:10:00Z')`,
    );
  });

  const typeOrm = (url: string, name?: string): DynamicModule =>
    TypeOrmModule.forRoot({ ...dataSourceOptions(url), ...(name !== undefined && { name }) });

  async function start(imports: DynamicModule[], prefix?: string): Promise<INestApplication<Server>> {
    const module = await Test.createTestingModule({ imports, providers: [Reports] })
      .setLogger(new ConsoleLogger({ logLevels: [] }))
      .compile();
    const app = module.createNestApplication<INestApplication<Server>>();
    if (prefix !== undefined) app.setGlobalPrefix(prefix);
    scene.defer(() => app.close());
    return app.init();
  }

  const status = (app: INestApplication<Server>, key: string, path = '/admin/ops/status') =>
    request(app.getHttpServer()).get(path).set('x-key', key);

  it('exports the rollup, and needs no schedule without jobs', async () => {
    const app = await start([typeOrm(scene.url), OpsModule.forRoot({ jobsEnabled: false })]);
    expect(await app.get(Reports).rollUp()).toBe(3);
  });

  it('is built on a DataSource that a host’s unit test mocks', async () => {
    const query = () => Promise.resolve([{ latest: Number(HOUR[0]) }]);
    const dataSource = { provide: DataSource, useValue: { isInitialized: true, query } };
    const mocked = { module: KeysModule, global: true, providers: [dataSource], exports: [DataSource] };
    const module = await Test.createTestingModule({
      imports: [mocked, OpsModule.forRoot({ jobsEnabled: false })],
    }).compile();
    expect(await module.get(OpsPreaggService).getLatestHourlyBucketStart()).toEqual(HOUR[0]);
  });

  it('works with a DataSource that does not list its entities', async () => {
    const app = await start([
      TypeOrmModule.forRoot({ type: 'postgres', url: scene.url }),
      OpsModule.forRoot({ jobsEnabled: false }),
    ]);
    expect(await app.get(Reports).rollUp()).toBe(3);
    await expect(app.get(RefreshService).maintain()).resolves.toMatchObject({
      oldDefinitionHours: expect.any(Number),
    });
  });

  it('uses the named DataSource, also beside a default one', async () => {
    const named = OpsModule.forRoot({ jobsEnabled: false, dataSourceName: 'metrics' });
    const alone = await start([typeOrm(scene.url, 'metrics'), named]);
    expect(await alone.get(Reports).rollUp()).toBe(3);
    const elsewhere = await createUnmigratedDatabase('ops_module_other');
    scene.defer(elsewhere.drop);
    const beside = await start([typeOrm(elsewhere.url), typeOrm(scene.url, 'metrics'), named]);
    expect(await beside.get(Reports).rollUp()).toBe(3);
  });

  it('mounts no admin endpoint without a guard', async () => {
    const app = await start([typeOrm(scene.url), OpsModule.forRoot({ jobsEnabled: false })]);
    await status(app, 'any').expect(404);
    await request(app.getHttpServer()).post('/admin/ops/rebuilds').send({}).expect(404);
    await request(app.getHttpServer()).post('/admin/ops/refresh').expect(404);
  });

  it('asks the host’s guard, with its dependencies', async () => {
    const app = await start([
      typeOrm(scene.url),
      OpsModule.forRoot({ jobsEnabled: false, adminGuard: KeyGuard, imports: [KeysModule.of('k1')] }),
    ]);
    await status(app, 'k2').expect(401);
    const answer = await status(app, 'k1').expect(200);
    expect(answer.body).toMatchObject({ rows: { hourly: expect.stringMatching(/^\d+$/) } });
  });

  it('takes its options from a factory, and the host’s global prefix', async () => {
    const app = await start(
      [
        typeOrm(scene.url),
        OpsModule.forRootAsync({
          imports: [KeysModule.of('k1')],
          inject: [Keys],
          useFactory: ({ key }: Keys) => Promise.resolve({ jobsEnabled: false, maxRebuildDays: key.length }),
          adminGuard: KeyGuard,
        }),
      ],
      'api/v1',
    );
    await status(app, 'k1').expect(404);
    await status(app, 'k1', '/api/v1/admin/ops/status').expect(200);
    const answer = await request(app.getHttpServer())
      .post('/api/v1/admin/ops/rebuilds')
      .set('x-key', 'k1')
      .send({ from: '2026-03-01T00:00:00Z', to: '2026-03-04T00:00:00Z' })
      .expect(400);
    expect(answer.body).toMatchObject({ field: 'to', message: expect.stringContaining('at most 2 days') });
  });

  describe('below a global guard, interceptor and pipe of the host', () => {
    const startBelow = (publicDecorators: readonly ClassDecorator[]) =>
      start([
        { module: Surroundings },
        typeOrm(scene.url),
        OpsModule.forRoot({
          jobsEnabled: false,
          adminGuard: KeyGuard,
          imports: [KeysModule.of('k1')],
          publicDecorators,
        }),
      ]);

    it('answers in its own shapes, and takes its own requests', async () => {
      const app = await startBelow([]);
      await status(app, 'k1').expect(403);
      const send = (method: 'get' | 'post', path: string) =>
        request(app.getHttpServer())[method](`/admin/ops/${path}`).set({ 'x-key': 'k1', 'x-user': 'ada' });
      const range = { from: '2026-03-01T00:00:00Z', to: '2026-03-02T00:00:00Z' };
      expect((await send('get', 'status').expect(200)).body).toHaveProperty('rows.hourly');
      expect((await send('get', 'trend').query(range).expect(200)).body).toHaveProperty('points');
      const taken = await send('post', 'verify').send(range).expect(202);
      expect(taken.body).toMatchObject({
        id: expect.stringMatching(/^\d+$/),
        state: expect.stringMatching(/^(?:running|finished)$/),
      });
      expect(taken.headers.location).toBe(`/admin/ops/verify/${(taken.body as { id: string }).id}`);
      expect(
        (
          await send('get', 'trend')
            .query({ ...range, extra: 1 })
            .expect(400)
        ).body,
      ).toHaveProperty('code');
    });

    it('lets that guard decide about the page and the metrics, and carries the decorators that it asks for', async () => {
      const app = await startBelow([Public()]);
      const { text: page } = await request(app.getHttpServer()).get('/ops').expect(200);
      const [, script = 'none'] = /src="(ops\/assets\/[^"]+\.js)"/.exec(page) ?? [];
      const open = ['/metrics', '/ops', `/${script}`];
      const closed = await startBelow([]);
      for (const path of open) await request(closed.getHttpServer()).get(path).expect(403);
      for (const path of open) {
        const { text } = await request(app.getHttpServer()).get(path).expect(200);
        expect(text).not.toMatch(/^\{"data"/);
      }
      await status(app, 'k1').expect(403);
      await request(closed.getHttpServer()).get('/metrics').expect(403);
    });
  });

  it('fails the start where the factory’s options are wrong, and names them', async () => {
    const attempt = start([
      typeOrm(scene.url),
      OpsModule.forRootAsync({ useFactory: () => ({ auditPercent: -1 }) }),
    ]);
    await expect(attempt).rejects.toThrow(OpsOptionsError);
    await expect(attempt).rejects.toThrow(/auditPercent/);
  });

  it('keeps two applications of one process apart', async () => {
    const start2 = (key: string, maxRebuildDays: number) =>
      start([
        typeOrm(scene.url),
        OpsModule.forRoot({
          jobsEnabled: false,
          maxRebuildDays,
          adminGuard: KeyGuard,
          imports: [KeysModule.of(key)],
        }),
      ]);
    const [one, two] = [await start2('one', 1), await start2('two', 2)];
    const unguarded = await start([typeOrm(scene.url), OpsModule.forRoot({ jobsEnabled: false })]);
    await status(one, 'one').expect(200);
    await status(one, 'two').expect(401);
    await status(two, 'two').expect(200);
    await status(two, 'one').expect(401);
    await status(unguarded, 'one').expect(404);
    for (const [app, key, days] of [
      [one, 'one', 1],
      [two, 'two', 2],
    ] as const) {
      const answer = await request(app.getHttpServer())
        .post('/admin/ops/verify')
        .set('x-key', key)
        .send({ from: '2026-03-01T00:00:00Z', to: '2026-03-04T00:00:00Z' })
        .expect(400);
      expect(answer.body).toMatchObject({ message: expect.stringContaining(`at most ${days} days`) });
    }
    await one.close();
    await status(two, 'two').expect(200);
  });

  it('keeps its tables in a schema of their own', async () => {
    const { url } = scene;
    const migrations = opsMigrationsIn('Ops-X');
    const dataSource = new DataSource({
      type: 'postgres',
      url,
      migrations,
      migrationsTableName: 'ops_of_x_migrations',
    });
    await dataSource.initialize();
    try {
      await dataSource.runMigrations();
      const app = await start([typeOrm(url), OpsModule.forRoot({ jobsEnabled: false, schema: 'Ops-X' })]);
      await scene.query('TRUNCATE ops_metrics_hourly');
      expect(await app.get(Reports).rollUp()).toBe(3);
      expect(await dataSource.query('SELECT count(*)::int AS n FROM "Ops-X".ops_metrics_hourly')).toEqual([
        { n: 3 },
      ]);
      expect(await dataSource.query('SELECT count(*)::int AS n FROM ops_metrics_hourly')).toEqual([{ n: 0 }]);
      for (let left = migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
      expect(
        await dataSource.query(`SELECT relname FROM pg_class WHERE relnamespace = '"Ops-X"'::regnamespace`),
      ).toEqual([]);
      expect(await dataSource.query(`SELECT to_regclass('ops_metrics_hourly')::text AS kept`)).toEqual([
        { kept: 'ops_metrics_hourly' },
      ]);
    } finally {
      await dataSource.destroy();
    }
  });
});
