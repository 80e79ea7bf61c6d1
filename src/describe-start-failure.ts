import { SchemaConflictError } from '../migrations/index.js';
import { EnvironmentError } from './config/environment.js';
import { EmbeddedPostgresError } from './database/embedded/index.js';

/** Connection failures that an operator can mend, by the code that Node or PostgreSQL gives. */
const CONNECTION_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at the host and port of DATABASE_URL: start PostgreSQL there, or unset it',
  ENOTFOUND: 'the host of DATABASE_URL cannot be resolved',
  ETIMEDOUT: 'the host of DATABASE_URL does not answer',
  '28P01': 'the password in DATABASE_URL is wrong',
  '28000': 'the user of DATABASE_URL may not log in',
  '3D000': 'the database of DATABASE_URL does not exist',
  EADDRINUSE: 'the PORT is in use: choose another one',
};

/** One line for what an operator can mend; the stack for everything else. */
export function describeStartFailure(error: unknown): string {
  if (
    error instanceof EnvironmentError ||
    error instanceof EmbeddedPostgresError ||
    error instanceof SchemaConflictError
  ) {
    return `Cannot start: ${error.message}`;
  }
  const code = (error as { code?: unknown } | null)?.code;
  const known =
    typeof code === 'string' && Object.hasOwn(CONNECTION_FAILURES, code)
      ? CONNECTION_FAILURES[code]
      : undefined;
  if (known !== undefined) {
    return `Cannot start: ${known} (${String(code)})`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
