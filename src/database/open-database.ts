import { keepEmbeddedPostgres } from './embedded/index.js';

export interface OpenDatabaseOptions {
  /** A PostgreSQL of the operator's own. Absent or blank: the embedded one. */
  databaseUrl?: string | undefined;
  /** Where the embedded server keeps its data; not touched when databaseUrl is given. */
  dataDir: string;
  log?: (line: string) => void;
}

export interface OpenedDatabase {
  readonly url: string;
  readonly kind: 'external' | 'embedded';
  /** Stops an embedded server that this process owns, or nobody; call it after the last connection was closed. */
  stop(): Promise<void>;
}

/** Decides which PostgreSQL to use, and starts the embedded one, and keeps it running, if it is that. Throws EmbeddedPostgresError. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenedDatabase> {
  const { databaseUrl, dataDir, log } = options;
  if (databaseUrl !== undefined && databaseUrl.trim() !== '') {
    return { url: databaseUrl.trim(), kind: 'external', stop: () => Promise.resolve() };
  }
  const server = await keepEmbeddedPostgres({ dataDir, ...(log === undefined ? {} : { log }) });
  return { url: server.url, kind: 'embedded', stop: () => server.stop() };
}
