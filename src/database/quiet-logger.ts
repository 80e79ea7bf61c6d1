import { AbstractLogger } from 'typeorm';

/**
 * TypeORM prints a failed migration to stdout, which may be a command's JSON, besides throwing it. What is thrown is
 * reported once, by whoever catches it.
 */
export class QuietLogger extends AbstractLogger {
  protected override writeLog(): void {
    // nothing
  }
}
