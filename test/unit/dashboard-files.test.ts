import { createHash } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DASHBOARD_FILES } from '../../src/ops/dashboard/dashboard-files.js';
import { DashboardController } from '../../src/ops/dashboard/dashboard.controller.js';

const DECODERS = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  identity: (bytes: Buffer): Buffer => bytes,
} as const;
const CODINGS = Object.keys(DECODERS) as (keyof typeof DECODERS)[];
const NAMES = [...DASHBOARD_FILES.keys()];

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the files of the dashboard on %s', (_, createAdapter) => {
  let app: INestApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ controllers: [DashboardController] }).compile();
    app = module.createNestApplication(createAdapter(), { logger: false });
    app.enableCors({ origin: ['https://a.example', 'https://b.example'] });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  /** As it comes over the wire: fetch would decode it. */
  async function ask(name: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const url = `${await app.getUrl()}/ops${name === 'index.html' ? '' : `/assets/${name}`}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { method, headers }, resolve).on('error', reject).end();
    });
    const bytes = Buffer.concat(await response.toArray());
    return { status: response.statusCode, headers: response.headers, bytes };
  }

  test.each(NAMES)('%s is what its name says, in every coding', async (name) => {
    const answers = await Promise.all(CODINGS.map((coding) => ask(name, { 'accept-encoding': coding })));
    const decoded = answers.map(({ bytes }, at) => DECODERS[CODINGS[at] ?? 'identity'](bytes));
    expect(answers.map(({ headers }) => headers['content-encoding'])).toEqual(['br', 'gzip', undefined]);
    expect(decoded.map((bytes) => bytes.equals(decoded[2] ?? Buffer.of()))).toEqual([true, true, true]);
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(3);
    const digest = createHash('sha256')
      .update(decoded[2] ?? '')
      .digest('hex')
      .slice(0, 12);
    expect(name).toBe(name === 'index.html' ? name : name.replace(/-[0-9a-f]+\./, `-${digest}.`));
    for (const { status, headers, bytes } of answers) {
      expect([status, headers['content-length']]).toEqual([200, String(bytes.length)]);
      expect(headers['cache-control']).toBe(
        name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
      );
      // CORS of the host names Origin.
      expect(headers.vary?.split(', ').sort()).toEqual(['Accept-Encoding', 'Origin']);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers.etag).toMatch(/^"[\w-]{43}"$/);
    }
  });

  test.each(CODINGS)('HEAD and who has it already get no bytes of %s', async (coding) => {
    for (const name of NAMES) {
      const accepts = { 'accept-encoding': coding };
      const { headers, bytes } = await ask(name, accepts);
      const head = await ask(name, accepts, 'HEAD');
      expect([head.status, head.bytes.length]).toEqual([200, 0]);
      const now = { date: expect.any(String) as unknown };
      expect(head.headers).toMatchObject({ ...headers, ...now });
      expect(head.headers['content-length']).toBe(String(bytes.length));
      const tag = headers.etag ?? '';
      for (const named of [tag, `W/${tag}`, `"other", ${tag}`]) {
        const again = await ask(name, { ...accepts, 'if-none-match': named });
        expect([again.status, again.bytes.length, again.headers.etag]).toEqual([304, 0, tag]);
        expect(again.headers).toMatchObject({
          'cache-control': headers['cache-control'],
          vary: headers.vary,
        });
      }
      const others = CODINGS.filter((other) => other !== coding);
      for (const other of others) {
        const unlike = await ask(name, { 'accept-encoding': other, 'if-none-match': tag });
        expect([unlike.status, unlike.headers.etag === tag]).toEqual([200, false]);
      }
    }
  });

  test('names its libraries’ licences, which are there', async () => {
    const [script = '', licences = ''] = ['.js', '.txt'].map((end) =>
      NAMES.find((name) => name.endsWith(end)),
    );
    expect((await ask(script)).bytes.toString()).toContain(
      `/*! Licences of what is bundled: ops/assets/${licences} */`,
    );
    const { bytes, headers } = await ask(licences);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    for (const said of ['lit-html', 'Google LLC', 'uplot', 'Leon Sorokin']) {
      expect(bytes.toString()).toContain(said);
    }
  });

  test('keeps no refusal', async () => {
    const { status, headers } = await ask('dashboard-000000000000.js');
    expect([status, headers['cache-control']]).toEqual([404, undefined]);
  });
});
