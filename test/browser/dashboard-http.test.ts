import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { GatewayProcess } from './support/gateway-process.js';

/** What a browser says of something that it has loaded, in bytes; transferred are 0 where it came from its cache. */
interface Loaded {
  readonly name: string;
  readonly transferSize: number;
  readonly encodedBodySize: number;
  readonly decodedBodySize: number;
}

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
    expect(assets.map((path) => path.replace(/-[0-9a-f]{12}\./, '.')).sort()).toEqual(
      ['dashboard.css', 'dashboard.js', 'icon.svg'].map((name) => `ops/assets/${name}`),
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

  test('the page is sent again only when it has changed', async () => {
    const etag = (await get('/ops')).headers.get('etag') ?? '';
    const again = await get('/ops', { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const other = await get('/ops', { headers: { 'if-none-match': '"other"' } });
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-cache']);
  });

  test.each([
    'nothing.js',
    'main.js',
    'dashboard.js',
    'dashboard-000000000000.js',
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

describeInBrowser('dashboard: what is loaded', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_loaded');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('script and style are at most 90 kB over the wire, and are asked for once', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const loaded = (): Promise<Loaded[]> =>
      dashboard.page.evaluate<Loaded[]>(
        `performance.getEntriesByType('resource').filter(({ name }) => !name.includes('/admin/')).map((entry) => entry.toJSON())`,
      );
    const first = await loaded();
    const code = first.filter(({ name }) => /\.(js|css)$/.test(name));
    const names = new Set(first.map(({ name }) => name.replace(/^.*\/|-[0-9a-f]+(?=\.)/g, '')));
    expect(names).toEqual(new Set(['icon.svg', 'dashboard.css', 'dashboard.js']));
    expect(code.every(({ encodedBodySize, decodedBodySize }) => encodedBodySize < decodedBodySize)).toBe(
      true,
    );
    const sent = code.reduce((sum, { transferSize }) => sum + transferSize, 0);
    expect(sent).toBeGreaterThan(10_000);
    expect(sent).toBeLessThanOrEqual(90_000);
    await dashboard.page.reload();
    await dashboard.settled();
    expect((await loaded()).filter(({ transferSize }) => transferSize > 0)).toEqual([]);
    expect(dashboard.complaints).toEqual([]);
  });
});
