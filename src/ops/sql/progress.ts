import type { DataSource } from 'typeorm';

/** When the jobs last got an answer from a database, by the process's monotonic clock. */
const answered = new WeakMap<DataSource, number>();

export function noteProgress(dataSource: DataSource): void {
  answered.set(dataSource, performance.now());
}

/** Milliseconds since the later of `started` (by performance.now()) and the last answer. */
export function silenceSince(dataSource: DataSource, started: number): number {
  return performance.now() - Math.max(started, answered.get(dataSource) ?? started);
}
