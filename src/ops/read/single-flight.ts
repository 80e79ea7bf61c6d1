/** How many results are kept at the same time; beyond, they are shared only while the work for them is under way. */
const MOST_KEPT = 50;

/**
 * Work that is asked for again under the same key while it is under way is done once: all who ask share its result, or
 * its error. A result may be kept for a moment after, an error never is.
 */
export class SingleFlight<Result> {
  private readonly flights = new Map<string, Promise<Result>>();

  /** @param keepMs for how long a result is kept, in milliseconds; not at all by default */
  public constructor(private readonly keepMs: (result: Result) => number = () => 0) {}

  /** @param key says everything that the result depends on */
  public async run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.flights.get(key);
    if (running !== undefined) {
      return running;
    }
    const flight = work();
    this.flights.set(key, flight);
    const end = (): void => void this.flights.delete(key);
    void flight.then((result) => {
      const ms = this.flights.size > MOST_KEPT ? 0 : this.keepMs(result);
      if (ms > 0) {
        setTimeout(end, ms).unref();
      } else {
        end();
      }
    }, end);
    return flight;
  }
}
