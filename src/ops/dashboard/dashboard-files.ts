import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';

/** A file of the page, ready to be sent. */
export interface DashboardFile {
  readonly body: string;
  readonly contentType: string;
  /** Strong: a digest of the body. */
  readonly etag: string;
}

const PAGE = 'index.html';
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** Files of the chart library, by the name under which the page asks for them. */
const LIBRARY: Readonly<Record<string, string>> = {
  'uplot.js': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
};

/** Replaced by one link per module, or the browser would find them one level of imports after the other. */
const PRELOADS = '<!-- module preloads -->';

/** The page and its assets, read once. What a request asks for is a key of a map and never becomes a path. */
export class DashboardFiles {
  private loading: Promise<ReadonlyMap<string, DashboardFile>> | null = null;

  /** @param directory of the compiled client */
  public constructor(private readonly directory = join(import.meta.dirname, 'client')) {}

  /** @throws Error (ENOENT) where the client was not built */
  public async page(): Promise<DashboardFile> {
    const page = (await this.load()).get(PAGE);
    if (page === undefined) {
      throw new Error(`The dashboard was not built: ${this.directory} has no ${PAGE}`);
    }
    return page;
  }

  /** Undefined for a name that is none of the assets'. */
  public async asset(name: string): Promise<DashboardFile | undefined> {
    return name === PAGE ? undefined : (await this.load()).get(name);
  }

  private load(): Promise<ReadonlyMap<string, DashboardFile>> {
    this.loading ??= this.readAll().catch((error: unknown) => {
      this.loading = null; // the next request tries again
      throw error;
    });
    return this.loading;
  }

  private async readAll(): Promise<ReadonlyMap<string, DashboardFile>> {
    const require = createRequire(import.meta.url);
    const paths = new Map(
      Object.entries(LIBRARY).map(([name, specifier]) => [name, require.resolve(specifier)]),
    );
    for (const name of await readdir(this.directory)) {
      if (extname(name) in CONTENT_TYPES) {
        paths.set(name, join(this.directory, name));
      }
    }
    const bodies = await Promise.all(
      [...paths].map(async ([name, path]) => [name, await readFile(path, 'utf8')] as const),
    );
    const preloads = [...paths.keys()]
      .filter((name) => extname(name) === '.js')
      .map((name) => `<link rel="modulepreload" href="ops/assets/${name}" />`)
      .join('\n    ');
    return new Map(
      bodies.map(([name, body]) => [
        name,
        toFile(name, name === PAGE ? body.replace(PRELOADS, () => preloads) : withoutSourceMap(body)),
      ]),
    );
  }
}

function toFile(name: string, body: string): DashboardFile {
  return {
    body,
    contentType: CONTENT_TYPES[extname(name)] ?? 'text/plain; charset=utf-8',
    etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
  };
}

/** Maps are not served: opened developer tools would report each as missing. */
function withoutSourceMap(body: string): string {
  return body.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n');
}
