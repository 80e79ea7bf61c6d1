import { entityTag } from '../http/entity-tag.js';
import { dashboardBundle } from './dashboard-bundle.js';

/** A file of the page, ready to be sent. */
export interface DashboardFile {
  readonly body: string;
  readonly contentType: string;
  /** Strong: a digest of the body. */
  readonly etag: string;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
};

/** The page is `index.html`. What a request asks for is a key of this map, and never becomes a path. */
export const DASHBOARD_FILES: ReadonlyMap<string, DashboardFile> = new Map(
  Object.entries(dashboardBundle).map(([name, body]) => [
    name,
    {
      body,
      contentType: `${CONTENT_TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'text/plain'}; charset=utf-8`,
      etag: entityTag(body),
    },
  ]),
);
