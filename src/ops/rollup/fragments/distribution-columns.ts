import { DISTRIBUTED } from '../../definitions/definitions.js';
import { countsOf, valuesOf } from './sorted-latencies.js';

/** The values and the counts of a relation that has both in one array (see distribution()). */
export function distributionColumns(alias: string): string[] {
  return DISTRIBUTED.flatMap(([latency]) => {
    const counted = `${alias}.${latency}_counted`;
    return [`${valuesOf(counted)} AS ${latency}_values`, `${countsOf(counted)} AS ${latency}_counts`];
  });
}
