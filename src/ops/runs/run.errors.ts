import { OpsError } from '../common/ops.error.js';

/** What a run does; the names are those of the endpoints. */
export type RunKind = 'verify' | 'refresh';

const NAMES: Readonly<Record<RunKind, string>> = { verify: 'verification', refresh: 'refresh' };

/** A request about runs that cannot be met. */
export abstract class OpsRunError extends OpsError {
  public readonly code: string;

  protected constructor(kind: RunKind, suffix: string, message: string) {
    super(message);
    this.code = `${NAMES[kind].toUpperCase()}_${suffix}`;
  }
}

/** This instance runs one at a time. */
export class OpsRunActiveError extends OpsRunError {
  public readonly status = 409;

  /** @param id of the one that runs; null for one that was started without an id, or has none yet */
  public constructor(
    kind: RunKind,
    public readonly id: string | null,
  ) {
    const which = id === null ? `a ${NAMES[kind]}` : `${NAMES[kind]} ${id}`;
    super(kind, 'RUNNING', `${which} is running on this instance, which runs one at a time`);
  }
}

/** There is no run of that kind and id. */
export class OpsRunNotFoundError extends OpsRunError {
  public readonly status = 404;
  public override readonly field = 'id';

  public constructor(kind: RunKind, id: string) {
    super(kind, 'NOT_FOUND', `id ${id} is not that of a ${NAMES[kind]} (the last 100 are kept)`);
  }
}

/** The run has ended already, so there is nothing to cancel. */
export class OpsRunEndedError extends OpsRunError {
  public readonly status = 409;
  public override readonly field = 'id';

  public constructor(kind: RunKind, id: string) {
    super(kind, 'ENDED', `id ${id} is that of a ${NAMES[kind]} that has ended: nothing is left to cancel`);
  }
}
