import { RefreshService } from '../ops/index.js';
import { withServices } from './context.js';

export async function refreshCommand(): Promise<void> {
  await withServices(async (app) => {
    const refresh = app.get(RefreshService, { strict: false });
    const refreshed = await refresh.tick({ asked: true });
    const maintained = await refresh.maintain();
    console.log(
      `Refresh: ${refreshed.detectedHours} hours noted; ${refreshed.drainedMinutes} minutes, ${refreshed.drainedHours} hours and ${refreshed.drainedDays} days recomputed, ${refreshed.failedBuckets} failed, ` +
        `${refreshed.suspiciousHours} held back, ${refreshed.pendingHours} pending, ${refreshed.ms} ms`,
    );
    console.log(
      `Maintenance: ${maintained.oldDefinitionHours} hours of older definitions noted, ${maintained.ms} ms`,
    );
  });
}
