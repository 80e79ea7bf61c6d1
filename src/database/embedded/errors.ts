export type EmbeddedPostgresErrorCode =
  /** There are no binaries for this operating system, or they do not run on it. */
  | 'UNSUPPORTED_PLATFORM'
  /** The npm packages with the binaries are absent (they are development dependencies). */
  | 'NOT_INSTALLED'
  /** The data folder belongs to somebody else, is of another PostgreSQL major version, or is not ours. */
  | 'DATA_DIR_UNUSABLE'
  /** Another process has been starting or stopping a server in this folder for too long. */
  | 'DATA_DIR_BUSY'
  /** We are root and found no way to run the server as anybody else, which PostgreSQL insists on. */
  | 'NO_UNPRIVILEGED_USER'
  | 'INITDB_FAILED'
  | 'START_FAILED'
  | 'STOP_FAILED';

/** One clear line for the operator in `message`; programs branch on `code`. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';

  constructor(
    readonly code: EmbeddedPostgresErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The errno name ('ENOENT'), Node error code or SQLSTATE that an error carries, if any. */
export function codeOf(error: unknown): string | undefined {
  // By shape: an error from another realm (a test runner's sandbox, say) is no instance of our Error.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Awaits `work`; undefined instead of an error whose code is one of `codes`. */
export async function unlessCode<T>(work: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
