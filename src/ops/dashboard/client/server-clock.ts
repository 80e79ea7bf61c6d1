/**
 * The server's clock, as far as it is known: what is "now" is decided there, and an operator's laptop may be hours
 * off.
 */
export class ServerClock {
  private offset = 0;

  /** @param now of the server, ISO 8601, as it has just come in */
  public set(now: string): void {
    this.offset = Date.parse(now) - Date.now();
  }

  /** Milliseconds since 1970. */
  public now(): number {
    return Date.now() + this.offset;
  }
}
