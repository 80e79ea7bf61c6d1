/** A request that cannot be met, for a reason that the caller can read. Every such error says how HTTP puts it. */
export abstract class OpsError extends Error {
  /** Status of the HTTP answer. */
  public abstract readonly status: number;
  /** For programs: what kind of error it is. */
  public abstract readonly code: string;
  /** The field that was wrong. */
  public readonly field: string | null = null;
  /** When it is worth another try, in seconds. */
  public readonly retryAfterSeconds: number | null = null;

  public constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

/** What the caller asked for is wrong; the message names the field and says what was expected. */
export class OpsInputError extends OpsError {
  public readonly status = 400;
  public readonly code = 'INVALID_INPUT';

  public constructor(
    public override readonly field: string,
    expected: string,
  ) {
    super(`${field} ${expected}`);
  }
}
