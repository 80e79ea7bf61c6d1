import { OpsError } from '../common/ops.error.js';

/** As many reads as this instance may run at the same time are running, and too many, or for too long, are waiting. */
export class OpsBusyError extends OpsError {
  public readonly status = 503;
  public readonly code = 'READS_BUSY';
  public override readonly retryAfterSeconds = 2;

  public constructor(maxConcurrentReads: number) {
    super(`${maxConcurrentReads} reads run at the same time, and too many are waiting: try again in 2 s`);
  }
}

/** The database took longer than a read may (`readTimeoutMs`), or something holds a lock on a table it reads. */
export class OpsReadTimeoutError extends OpsError {
  public readonly status = 503;
  public readonly code = 'READ_TIMEOUT';
  public override readonly retryAfterSeconds = 5;

  public constructor(what: 'statement' | 'lock', limitMs: number, cause: unknown) {
    super(
      what === 'lock'
        ? `A table is locked: the read waited ${limitMs} ms for it`
        : `The read was given up after ${limitMs} ms (readTimeoutMs): try again, or ask for a shorter range`,
      cause,
    );
  }
}

/** A sum of the range is past what its type holds: 64 bits for tokens, 2^53 - 1 for counts. */
export class OpsSumOutOfRangeError extends OpsError {
  public readonly status = 422;
  public readonly code = 'SUM_OUT_OF_RANGE';

  public constructor(problem: string, cause?: unknown) {
    super(`${problem}: ask for a shorter range`, cause);
  }
}
