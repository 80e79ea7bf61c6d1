import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type LoggerService,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { of, type Observable } from 'rxjs';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { RefusalDelays } from '../../src/ops/http/refusal-delays.js';
import { OpsModule, OpsPrometheusService } from '../../src/ops/index.js';
import { eventually } from '../support/eventually.js';
import { resetScene } from '../support/refresh-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Lets in whom the header `user` names, and answers as an Observable, as a host's guard may. */
@Injectable()
class HeaderGuard implements CanActivate {
  public canActivate(context: ExecutionContext): Observable<boolean> {
    const request = context.switchToHttp().getRequest<{ headers: { user?: string }; user?: unknown }>();
    const { user } = request.headers;
    if (user === undefined) {
      throw new UnauthorizedException('Who are you?');
    }
    if (user !== 'token') {
      request.user = { email: user };
    }
    return of(user !== 'nobody');
  }
}

/** What the module logs about admin requests. */
class AuditLog implements LoggerService {
  public readonly lines: string[] = [];
  public log(message: unknown, ...more: unknown[]): void {
    this.add(message, more);
  }
  public warn(message: unknown, ...more: unknown[]): void {
    this.add(message, more);
  }
  public error(): void {
    // not of interest
  }
  private add(message: unknown, more: unknown[]): void {
    if (more.includes('OpsAdmin')) this.lines.push(String(message));
  }
}

let database: TestDatabase;
let app: INestApplication;
let audit: AuditLog;
/** Of the refusals that wait for their answer. */
let releases: (() => void)[];

const ADAPTERS = ['Express', 'Fastify'] as const;

beforeAll(async () => {
  database = await createTestDatabase('admin_requests');
});

afterAll(() => database.drop());

async function start(adapter: (typeof ADAPTERS)[number] = 'Express'): Promise<void> {
  releases = [];
  const delays = new RefusalDelays(
    () => 0,
    () => new Promise<void>((resolve) => void releases.push(resolve)),
  );
  const module = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot(dataSourceOptions(database.url)),
      OpsModule.forRoot({ jobsEnabled: false, adminGuard: HeaderGuard }),
    ],
  })
    .overrideProvider(RefusalDelays)
    .useValue(delays)
    .compile();
  audit = new AuditLog();
  const options = { logger: audit };
  app =
    adapter === 'Fastify'
      ? module.createNestApplication(new FastifyAdapter(), options)
      : module.createNestApplication(options);
  await app.listen(0, '127.0.0.1');
}

beforeEach(() => resetScene(database.dataSource));
afterEach(() => app.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string> = { user: 'ann' },
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${await app.getUrl()}/admin/ops/${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const RANGE = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T02:00:00Z' };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('a request id', () => {
  beforeEach(() => start());

  it('is the one that the client sent', async () => {
    const answer = await send('GET', 'status', { user: 'ann', 'x-request-id': 'trace:00-4bf9.7_x/a=1' });
    expect(answer.headers.get('x-request-id')).toBe('trace:00-4bf9.7_x/a=1');
  });

  it.each([['x'.repeat(129)], ['two words'], ['a"b'], ['<script>'], ['']])(
    'is a new one where that was %j',
    async (sent) => {
      const [one, other] = [
        await send('GET', 'status', { user: 'ann', 'x-request-id': sent }),
        await send('GET', 'status', { user: 'ann', 'x-request-id': sent }),
      ];
      expect(one.headers.get('x-request-id')).toMatch(UUID);
      expect(other.headers.get('x-request-id')).not.toBe(one.headers.get('x-request-id'));
    },
  );

  it('is returned with a refusal too', async () => {
    const answer = await send('POST', 'refresh', { 'x-request-id': 'refused' });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([401, 'refused']);
  });
});

describe('who asks', () => {
  beforeEach(() => start());

  it('is remembered with the rebuild, and logged with the request id', async () => {
    const headers = { user: 'ann@example.com', 'x-request-id': 'r-1' };
    const { status, body } = await send('POST', 'rebuilds?x=1', headers, RANGE);
    expect([status, body]).toEqual([202, expect.objectContaining({ requestedBy: 'ann@example.com' })]);
    const [line] = await eventually(() => Promise.resolve(audit.lines.length > 0 ? audit.lines : undefined));
    expect(line).toMatch(
      /^action="POST \/admin\/ops\/rebuilds" request_id=r-1 who=ann@example\.com status=202 ms=\d+$/,
    );
  });

  it('is the address where a shared token names nobody', async () => {
    const { body } = await send('POST', 'rebuilds', { user: 'token' }, RANGE);
    expect(body).toMatchObject({ requestedBy: 'admin@127.0.0.1' });
  });

  it('cannot be claimed in the request', async () => {
    const { status } = await send('POST', 'rebuilds', { user: 'ann' }, { ...RANGE, requestedBy: 'bob' });
    expect(status).toBe(400);
  });
});

describe.each(ADAPTERS)('an admin request on %s', (adapter) => {
  beforeEach(() => start(adapter));

  it('leaves a line, read or write, answered or refused, without its query', async () => {
    await send('GET', 'status?token=secret', { user: 'ann', 'x-request-id': 'r-1' });
    await send('GET', 'status', {});
    await send('GET', 'trend?from=never&to=never');
    await send('GET', 'rebuilds/77');
    await send('POST', 'rebuilds', { user: 'nobody' }, RANGE);
    await send('POST', 'rebuilds', {}, RANGE);
    await send('DELETE', 'rebuilds/77');
    await send('POST', 'refresh');
    const lines = await eventually(() => Promise.resolve(audit.lines.length >= 8 ? audit.lines : undefined));
    expect(lines[0]).toMatch(/^action="GET \/admin\/ops\/status" request_id=r-1 who=ann status=200 ms=\d+$/);
    expect(lines.map((line) => line.replace(/ ?(request_id|ms)=\S+/g, ''))).toEqual([
      'action="GET /admin/ops/status" who=ann status=200',
      'action="GET /admin/ops/status" who=anonymous@127.0.0.1 status=401',
      'action="GET /admin/ops/trend" who=ann status=400',
      'action="GET /admin/ops/rebuilds/77" who=ann status=404',
      'action="POST /admin/ops/rebuilds" who=anonymous@127.0.0.1 status=403',
      'action="POST /admin/ops/rebuilds" who=anonymous@127.0.0.1 status=401',
      'action="DELETE /admin/ops/rebuilds/77" who=ann status=404',
      'action="POST /admin/ops/refresh" who=ann status=202',
    ]);
  });

  it('is answered for no cache to keep, whatever the answer', async () => {
    const answers = [
      await send('GET', 'status'),
      await send('GET', 'status', {}),
      await send('GET', 'trend'),
      await send('GET', 'rebuilds/77'),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual([
      [200, 'no-store'],
      [401, 'no-store'],
      [400, 'no-store'],
      [404, 'no-store'],
    ]);
  });

  it('is refused unseen while ten refusals of its address wait; who is let in does not wait', async () => {
    for (let i = 0; i < 20; i += 1) expect((await send('GET', 'status', {})).status).toBe(401);
    const held = Array.from({ length: 9 }, () => send('GET', 'status', { user: 'nobody' }));
    await eventually(() => Promise.resolve(releases.length === 9));
    expect((await send('GET', 'status')).status).toBe(200);
    held.push(send('GET', 'status', {}));
    await eventually(() => Promise.resolve(releases.length === 10));
    const unseen = await send('GET', 'status');
    expect([unseen.status, unseen.headers.get('retry-after'), unseen.body]).toEqual([
      429,
      '2',
      { code: 'TOO_MANY_REQUESTS', message: expect.stringContaining('try again in 2 s'), field: null },
    ]);
    expect(await app.get(OpsPrometheusService).metrics()).toContain('\nops_admin_auth_failures_total 31\n');
    releases.forEach((release) => {
      release();
    });
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(statuses).toEqual([...Array<number>(9).fill(403), 401]);
    expect((await send('GET', 'status')).status).toBe(200);
  });
});

it('of a rebuild may come as often as an admin likes', async () => {
  await start();
  for (let i = 0; i < 40; i += 1) expect((await send('DELETE', `rebuilds/${i}`)).status).toBe(404);
});
