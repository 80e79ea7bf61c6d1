/** What the operator has to know, as one clear line. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The data folder belongs to somebody else, is of another PostgreSQL major version, or is not ours. */
export class UnusableFolderError extends EmbeddedPostgresError {
  constructor(why: string, options?: ErrorOptions) {
    super(`${why}, choose another folder with OPS_DATA_DIR, or set DATABASE_URL.`, options);
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
