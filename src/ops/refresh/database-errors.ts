import { QueryFailedError } from 'typeorm';

/** The SQLSTATE of a failed query, or undefined where the failure is not the server's answer. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) {
    return undefined;
  }
  const code: unknown = (error.driverError as { code?: unknown }).code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether the failure belongs to the buckets that the statement was computing. A lost connection (class 08, and the
 * driver's own errors, which have no SQLSTATE), a server that is stopping or out of resources (classes 53, 57P) and
 * a session ended for idling (25P03) say nothing about a bucket: the run ends, and the next one goes on.
 */
export function isBucketFailure(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|53|57P|25P03|58)/.test(state);
}

export function errorText(error: unknown): string {
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  return state === undefined ? message : `${state}: ${message}`;
}
