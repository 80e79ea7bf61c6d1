import { OpsError } from '../common/ops.error.js';

/** There is no rebuild of that id. */
export class OpsRebuildNotFoundError extends OpsError {
  public readonly status = 404;
  public readonly code = 'REBUILD_NOT_FOUND';
  public override readonly field = 'id';

  public constructor(id: string) {
    super(`id ${id} is not that of a rebuild`);
  }
}

/** The rebuild has ended already, so there is nothing to cancel. */
export class OpsRebuildEndedError extends OpsError {
  public readonly status = 409;
  public readonly code = 'REBUILD_ENDED';
  public override readonly field = 'id';

  public constructor(id: string) {
    super(`id ${id} is that of a rebuild that has ended: nothing is left to cancel`);
  }
}
