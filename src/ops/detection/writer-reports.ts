import type { Logger } from '@nestjs/common';
import type { RawTable } from '../definitions/raw-tables.js';

/** What is said of those that write a raw table: once, not with every look. */
export class WriterReports {
  /** Tables that writers in flight hold back, and whether that has been said. */
  private readonly held = new Map<string, boolean>();
  /** Tables that are written through workers, where that has been said. */
  private readonly beside = new Set<string>();

  public constructor(private readonly logger: Logger) {}

  /** Where a worker draws ids, no lock at the coordinator tells of its writers. */
  public besideTheCoordinator({ key, name }: RawTable): void {
    if (!this.beside.has(key)) {
      this.beside.add(key);
      this.logger.warn(
        `Rows of ${name} have been written through workers: only the audit finds these, so write through the coordinator`,
      );
    }
  }

  /**
   * Busy writers come and go: only what is still in the way at the next look is worth a line, and one.
   *
   * @param heldBy for people; null where nobody is in the way
   */
  public holding({ key }: RawTable, heldBy: string | null): void {
    const said = this.held.get(key);
    if (heldBy === null) {
      if (said === true) {
        this.logger.log(`Nobody holds detection in ${key} back any more`);
      }
      this.held.delete(key);
      return;
    }
    if (said === false) {
      this.logger.warn(
        `Detection in ${key} is held back by ${heldBy}: nothing is lost, its rows are looked for when it ends`,
      );
    }
    this.held.set(key, said !== undefined);
  }
}
