import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GatewayProcess } from './support/gateway-process.js';

describe('dashboard: what is served', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start('dashboard_http');
  });

  afterAll(async () => {
    await gateway.stop();
  });

  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${gateway.url}${path}`, { redirect: 'manual', ...init });

  test('the page is public, has no data, and allows nothing inline or foreign', async () => {
    const response = await get('/ops');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test('everything the page asks for is there, with its type', async () => {
    const page = await (await get('/ops')).text();
    const assets = [...page.matchAll(/(?:src|href)="(ops\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(new Set(assets)).toEqual(
      new Set(['icon.svg', 'dashboard.css', 'dashboard.js'].map((name) => `ops/assets/${name}`)),
    );
    const types = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
    for (const path of assets) {
      const response = await get(`/${path}`);
      const type = types[path.slice(path.lastIndexOf('.') + 1) as keyof typeof types];
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
      expect((await response.text()).length).toBeGreaterThan(0);
    }
  });

  test('what has not changed is not sent again', async () => {
    const etag = (await get('/ops/assets/dashboard.js')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await get('/ops/assets/dashboard.js', { headers: { 'if-none-match': header } });
      expect([again.status, await again.text()]).toEqual([304, '']);
    }
    const other = await get('/ops/assets/dashboard.js', { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  test.each([
    'nothing.js',
    'main.js',
    'index.html',
    '..%2fdashboard.controller.js',
    '%2e%2e%2fdashboard.controller.js',
    '..%5c..%5cindex.js',
    'dashboard.js.map',
    'constructor',
    '%00',
  ])('there is no asset %s', async (name) => {
    const response = await get(`/ops/assets/${name}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a slash at the end is taken away, or the page would not find its assets', async () => {
    const response = await get('/ops/?preset=7d');
    expect(response.status).toBe(308);
    const location = new URL(response.headers.get('location') ?? '', `${gateway.url}/ops/?preset=7d`);
    expect(location.href).toBe(`${gateway.url}/ops?preset=7d`);
  });

  test('the data needs the token', async () => {
    const { from, to } = GatewayProcess.range;
    for (const path of ['status', 'rebuilds', `overview?from=${from}&to=${to}`]) {
      expect((await get(`/admin/ops/${path}`)).status).toBe(401);
    }
  });
});
