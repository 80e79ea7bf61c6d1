import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AdminClient, TOKEN } from '../support/admin-client.js';
import { eventually } from '../support/eventually.js';
import { DatabaseScene } from '../support/database-scene.js';

describe('the door of the gateway’s admin endpoints', () => {
  const scene = new DatabaseScene('admin_door');
  let client: AdminClient;
  let lines: string[];

  beforeAll(async () => {
    lines = [];
    const collect = (text: unknown): boolean => {
      lines.push(...String(text).split('\n'));
      return true;
    };
    const stdout = jest.spyOn(process.stdout, 'write').mockImplementation(collect);
    scene.defer(() => {
      stdout.mockRestore();
    });
    client = await AdminClient.start(scene.url, { LOG_LEVEL: 'log' });
    scene.defer(() => client.close());
  });

  const line = (requestId: string): Promise<string> =>
    eventually(() => Promise.resolve(lines.find((one) => one.includes(`request_id=${requestId} `))));

  /** Announces a large body and sends the beginning of it only. */
  async function beginUpload(authorization: string): Promise<Socket> {
    const { hostname, port } = new URL(client.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    await once(socket, 'connect');
    socket.write(
      `POST /admin/ops/rebuilds HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{"from": "',
    );
    return socket;
  }

  it('answers without the token before the body has come', async () => {
    const socket = await beginUpload('Bearer wrong');
    const [head] = (await once(socket, 'data')) as [string];
    expect(head).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it('answers 413 to a body that is too large, in the one shape', async () => {
    const reason = 'x'.repeat(100_000);
    const response = await client.send('post', '/admin/ops/rebuilds', { reason });
    expect(response.status).toBe(413);
    expect(response.body).toEqual({ code: 'PAYLOAD_TOO_LARGE', message: expect.any(String), field: null });
  });

  it.each([
    ['what is no JSON', 'POST', '/admin/ops/rebuilds', '{"from": ', 400],
    ['a path that is not there', 'GET', '/admin/ops/nothing', undefined, 404],
    ['a read', 'GET', '/admin/ops/status', undefined, 200],
  ])('logs %s', async (what, method, path, body, status) => {
    const id = what.replaceAll(' ', '-');
    const response = await fetch(`${client.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'x-request-id': id, 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([status, id]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await line(id)).toMatch(
      new RegExp(
        `action="${method} ${path}" request_id=${id} who=admin@127\\.0\\.0\\.1 status=${status} ms=`,
      ),
    );
  });

  it('logs who is refused, and counts it once', async () => {
    const failures = async (): Promise<number> => {
      const text = await (await fetch(`${client.url}/metrics`)).text();
      return Number(/^ops_admin_auth_failures_total (\d+)$/m.exec(text)?.[1]);
    };
    const before = await failures();
    const response = await fetch(`${client.url}/admin/ops/status`, {
      headers: { 'x-request-id': 'refused' },
    });
    expect([response.status, response.headers.get('x-request-id')]).toEqual([401, 'refused']);
    expect(await line('refused')).toMatch(/who=anonymous@127\.0\.0\.1 status=401 ms=\d+/);
    expect((await failures()) - before).toBe(1);
  });

  it('says nothing of other hosts’ HTTPS', async () => {
    const { headers } = await fetch(`${client.url}/health`);
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('does not stand before what is open', async () => {
    for (const path of ['/health', '/ops', '/metrics']) {
      expect((await fetch(`${client.url}${path}`)).status).toBe(200);
    }
  });
});
