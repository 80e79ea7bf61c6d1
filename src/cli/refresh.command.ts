import { RefreshService } from '../ops/index.js';
import { withServices } from './context.js';

export async function refreshCommand(): Promise<void> {
  await withServices(async (app) => {
    const refresh = app.get(RefreshService, { strict: false });
    const hourly = await refresh.hourly();
    const daily = await refresh.daily();
    console.log(
      `Hourly: ${hourly.detectedHours} hours noted, ${hourly.drainedHours} recomputed, ${hourly.drainedDays} days, ${hourly.failedBuckets} failed, ` +
        `${hourly.suspiciousHours} held back, ${hourly.pendingHours} pending, ${hourly.ms} ms`,
    );
    console.log(`Daily: ${daily.oldDefinitionHours} hours of older definitions noted, ${daily.ms} ms`);
  });
}
