import type { QueryFailedError } from 'typeorm';

/** A condition of the options is none; the message names the option and has the database's words. */
export class OpsFilterError extends Error {
  public override readonly name = 'OpsFilterError';

  public constructor(
    public readonly option: 'usageFilter' | 'errorFilter',
    public override readonly cause: QueryFailedError,
  ) {
    super(`${option} must be a condition in SQL over a raw row: ${cause.message}`, { cause });
  }
}
