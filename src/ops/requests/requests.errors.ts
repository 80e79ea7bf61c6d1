import { OpsError } from '../common/ops.error.js';

/** The raw tables lack what the list needs, which is an index or, of a filter, a column; the message says which. */
export class OpsRequestsUnservedError extends OpsError {
  public readonly status = 409;
  public readonly code = 'REQUESTS_UNSERVED';

  public constructor(
    public override readonly field: string | null,
    problem: string,
  ) {
    super(problem);
  }
}

/** Finding the rows took longer than a read may (`readTimeoutMs`); the message names the indexes that would serve. */
export class OpsRequestsTimeoutError extends OpsError {
  public readonly status = 503;
  public readonly code = 'READ_TIMEOUT';
  public override readonly retryAfterSeconds = 5;

  public constructor(limitMs: number, indexes: readonly string[], cause: unknown) {
    const serves = indexes.length === 0 ? '' : `; an index would serve: ${indexes.join(', ')}`;
    super(
      `The list was given up after ${limitMs} ms (readTimeoutMs): ask for a shorter range${serves}`,
      cause,
    );
  }
}
