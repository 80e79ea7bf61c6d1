/** What the caller asked for is wrong; the message names the field and says what was expected. */
export class OpsInputError extends Error {
  public constructor(
    public readonly field: string,
    expected: string,
  ) {
    super(`${field} ${expected}`);
    this.name = 'OpsInputError';
  }
}

/**
 * A range reaches below the floor: its raw rows may have been purged, or its hourly rows dropped, so it is only
 * recomputed when forced.
 */
export class OpsBelowFloorError extends Error {
  public readonly field = 'from';

  public constructor(public readonly floor: Date) {
    super(
      `from must not be before ${floor.toISOString()}, the raw floor: older raw rows may have been purged, ` +
        'or older hourly rows dropped, and a recomputation could only lose history (force overrides)',
    );
    this.name = 'OpsBelowFloorError';
  }
}

/** There is no rebuild of that id. */
export class OpsRebuildNotFoundError extends Error {
  public constructor(id: string) {
    super(`id ${id} is not that of a rebuild`);
    this.name = 'OpsRebuildNotFoundError';
  }
}

/** The rebuild has ended already, so there is nothing to cancel. */
export class OpsRebuildEndedError extends Error {
  public constructor(id: string) {
    super(`id ${id} is that of a rebuild that has ended: nothing is left to cancel`);
    this.name = 'OpsRebuildEndedError';
  }
}
