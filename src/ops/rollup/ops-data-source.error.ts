/** The DataSource that OpsModule was given is not initialised (or has been destroyed). */
export class OpsDataSourceError extends Error {
  public constructor() {
    super('The DataSource is not initialised: call DataSource.initialize() before using the ops rollup.');
    this.name = 'OpsDataSourceError';
  }
}
