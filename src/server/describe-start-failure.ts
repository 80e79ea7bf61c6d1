import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { QueryRunnerProviderAlreadyReleasedError } from 'typeorm';
import { SchemaConflictError } from '../../migrations/index.js';
import { EnvironmentError } from '../config/environment.js';
import { DatabaseConnectionError } from '../database/database-connection.error.js';
import { EmbeddedPostgresError } from '../database/embedded/index.js';
import { ListenError } from './listen.js';

/** Errors whose message is one line for an operator. */
const TOLD = [
  EnvironmentError,
  DatabaseConnectionError,
  EmbeddedPostgresError,
  ListenError,
  SchemaConflictError,
] as const;

/**
 * SQLSTATE classes of what is the server's trouble or its settings': lost connections, read-only, resources, shutdown,
 * the system below it. What has another one is a defect here, and its stack is wanted.
 */
const SERVER_TROUBLE = /^(08|25|42501|53|55P03|57|58)/;

/** One line for what an operator can mend; the stack for everything else. */
export function describeStartFailure(error: unknown): string {
  if (TOLD.some((type) => error instanceof type)) {
    return `Cannot start: ${(error as Error).message}`;
  }
  if (
    error instanceof QueryRunnerAlreadyReleasedError ||
    error instanceof QueryRunnerProviderAlreadyReleasedError
  ) {
    return 'Cannot start: the connection to the database was lost in a transaction';
  }
  if (error instanceof QueryFailedError) {
    const { code } = error.driverError as { code?: unknown };
    if (typeof code !== 'string' || SERVER_TROUBLE.test(code)) {
      return `Cannot start: the database failed: ${oneLine(error.message)}${typeof code === 'string' && !error.message.includes(code) ? ` (${code})` : ''}`;
    }
  }
  if (isSystemError(error)) {
    return `Cannot start: ${oneLine(error.message)}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What the operating system refused: the message says what, where and why. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'errno' in error;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
