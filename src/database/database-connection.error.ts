import type { DataSourceOptions } from 'typeorm';

/** What an operator can do, by the code that Node or PostgreSQL gives. */
const CURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: start PostgreSQL, or unset DATABASE_URL to use the embedded one',
  ENOTFOUND: 'the host cannot be resolved',
  EAI_AGAIN: 'the host cannot be resolved at the moment',
  ETIMEDOUT: 'the host does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  '28P01': 'the password is wrong',
  '28000': 'the user may not log in from here, or without TLS',
  '3D000': 'the database does not exist',
  '53300': 'the server has no connection to spare',
  '57P03': 'the server takes no connections: it is starting, recovering or stopping',
};

/** The database cannot be reached or refuses; the message is one line that says where, and never the password. */
export class DatabaseConnectionError extends Error {
  public constructor(options: DataSourceOptions, cause: unknown) {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const known = typeof code === 'string' && Object.hasOwn(CURES, code) ? CURES[code] : undefined;
    const why = known ?? String(message).replaceAll(/\s+/g, ' ');
    super(
      `cannot connect to ${placeOf(options)} (DATABASE_URL): ${why}${typeof code === 'string' ? ` (${code})` : ''}`,
      { cause },
    );
    this.name = 'DatabaseConnectionError';
  }
}

function placeOf(options: DataSourceOptions): string {
  const url = 'url' in options && typeof options.url === 'string' ? options.url : '';
  // Neither the user's part nor the parameters, both of which may hold a password.
  return url.replace(/^[^:]*:\/\/(?:[^/?]*@)?/, '').replace(/\?.*$/, '') || 'the database';
}
