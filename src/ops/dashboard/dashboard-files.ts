import { gunzipSync } from 'node:zlib';
import { entityTag } from '../http/entity-tag.js';
import type { Coding } from './content-coding.js';
import { dashboardBundle } from './dashboard-bundle.js';

/** A file of the page in one coding, ready to be sent. */
export interface CodedBody {
  readonly bytes: Buffer;
  /** Strong: a digest of these bytes. */
  readonly etag: string;
}

export interface DashboardFile {
  readonly contentType: string;
  readonly bodies: Readonly<Record<Coding, CodedBody>>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
};

const body = (bytes: Buffer): CodedBody => ({ bytes, etag: entityTag(bytes) });

/**
 * The page is `index.html`; the others have a digest of what they are in their names. What a request asks for is a key of
 * this map, and never becomes a path.
 */
export const DASHBOARD_FILES: ReadonlyMap<string, DashboardFile> = new Map(
  Object.entries(dashboardBundle).map(([name, packed]) => {
    const [br, gzip] = [Buffer.from(packed.br, 'base64'), Buffer.from(packed.gzip, 'base64')];
    return [
      name,
      {
        contentType: `${CONTENT_TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain'}; charset=utf-8`,
        bodies: { br: body(br), gzip: body(gzip), identity: body(gunzipSync(gzip)) },
      },
    ];
  }),
);
