import { OpsError } from '../common/ops.error.js';

/**
 * A range reaches below the floor: its raw rows may have been purged, or its hourly rows dropped, so it is only
 * recomputed when forced.
 */
export class OpsBelowFloorError extends OpsError {
  public readonly status = 409;
  public readonly code = 'BELOW_RAW_FLOOR';
  public override readonly field = 'from';

  public constructor(public readonly floor: Date) {
    super(
      `from must not be before ${floor.toISOString()}, the raw floor: older raw rows may have been purged, ` +
        'or older hourly rows dropped, and a recomputation could only lose history (force overrides)',
    );
  }
}
