import type { RawLogService } from '../raw-log.service.js';
import { SAMPLE_GROUPS } from './catalog.js';
import { generateTraffic, type TrafficPlan } from './generate-traffic.js';
import type { StoredSampleGroup } from './traffic-model.js';

/**
 * Batches written at once. A million rows on 2 cores took 17 s with one, 12 s with two, 9 s with three and 7 s with
 * six; three leave most of a pool of ten to everybody else.
 */
const CONCURRENT_BATCHES = 3;

/** What has been written so far. */
export interface SampleTrafficProgress {
  readonly usageRows: number;
  readonly errorRows: number;
}

export interface SampleTrafficOptions extends Omit<TrafficPlan, 'groups'> {
  readonly rawLogs: RawLogService;
  /** Called after every batch. */
  readonly onProgress?: (written: SampleTrafficProgress) => void;
}

export interface SampleTrafficResult extends SampleTrafficProgress {
  /** The groups that the traffic belongs to, largest first. */
  readonly groups: readonly StoredSampleGroup[];
}

/** Makes sure that the groups of the sample traffic exist; returns them with their ids, largest first. */
export async function ensureSampleGroups(rawLogs: RawLogService): Promise<StoredSampleGroup[]> {
  const ids = await rawLogs.ensureGroups(SAMPLE_GROUPS);
  return SAMPLE_GROUPS.map((group) => {
    const id = ids.get(group.name);
    if (id === undefined) throw new Error(`The database returned no id for the group ${group.name}`);
    return { ...group, id };
  });
}

/**
 * Writes sample traffic, see {@link TrafficPlan}. Every batch commits by itself: after an error what has been
 * written stays. No write is under way any more when the promise settles.
 *
 * @throws RangeError where the plan makes no sense, QueryFailedError from the database
 */
export async function writeSampleTraffic(options: SampleTrafficOptions): Promise<SampleTrafficResult> {
  const { rawLogs, onProgress, ...plan } = options;
  const groups = await ensureSampleGroups(rawLogs);
  const batches = generateTraffic({ ...plan, groups });
  let usageRows = 0;
  let errorRows = 0;

  // All writers draw from the one generator, so that at most CONCURRENT_BATCHES are in memory.
  const writer = async (): Promise<void> => {
    try {
      for (let next = batches.next(); next.done !== true; next = batches.next()) {
        const { usage, errors } = next.value;
        await rawLogs.writeUsage(usage);
        await rawLogs.writeErrors(errors);
        usageRows += usage.length;
        errorRows += errors.length;
        onProgress?.({ usageRows, errorRows });
      }
    } finally {
      // After a failure the other writers find no further batch.
      batches.return(undefined);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENT_BATCHES }, writer));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return { usageRows, errorRows, groups };
}
