import { QueryFailedError } from 'typeorm';
import { LostConnectionError } from './bound-queries.js';

/** The SQLSTATE of a failed query, or undefined where the failure is not the server's answer. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) {
    return undefined;
  }
  const code: unknown = (error.driverError as { code?: unknown }).code;
  // EPIPE is the operating system's, and looks like one.
  return typeof code === 'string' && /^(?!EPIPE)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * What a failure says of the buckets that the statement was computing:
 *
 * - `bucket`: it is theirs. A wrong value, a constraint, and what their size brings about: a statement timeout (57014),
 *   no memory, temporary or disk space (class 53).
 * - `conflict`: somebody else was in the way (40001, 40P01, 55P03). Nobody is to blame; it is tried again soon.
 * - `server`: the connection was lost (class 08, or no answer at all), the server is stopping or starting (57P), has no
 *   connection left (53300), ended an idle session (25P03) or cannot read its own files (58, XX). The run ends, and
 *   the next one goes on.
 */
export type FailureKind = 'bucket' | 'conflict' | 'server';

export function failureKind(error: unknown): FailureKind {
  const state = sqlState(error);
  if (state === undefined || isUnreachable(error) || /^(?:58|XX|25P03)/.test(state)) {
    return 'server';
  }
  return /^(?:40001|40P01|55P03)$/.test(state) ? 'conflict' : 'bucket';
}

/** There is no connection, it was lost, or the server is stopping or starting, or has none left: it may be well in a moment. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof LostConnectionError ||
  (error instanceof QueryFailedError && /^(?:08|57P|53300|$)/.test(sqlState(error) ?? ''));

export const isBucketFailure = (error: unknown): boolean => failureKind(error) === 'bucket';

export function errorText(error: unknown): string {
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  return state === undefined ? message : `${state}: ${message}`;
}
