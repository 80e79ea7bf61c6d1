import { RawLogService } from '../gateway/raw-log.service.js';
import { writeSampleTraffic } from '../gateway/sample-traffic/write-sample-traffic.js';
import { withServices } from './context.js';

const DAY_MS = 86_400_000;

export async function sampleTrafficCommand(options: {
  days: number;
  rows: number;
  seed: number;
}): Promise<void> {
  await withServices(async (app) => {
    const to = new Date();
    const started = performance.now();
    const written = await writeSampleTraffic({
      rawLogs: app.get(RawLogService, { strict: false }),
      from: new Date(to.getTime() - options.days * DAY_MS),
      to,
      rows: options.rows,
      seed: options.seed,
    });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`Wrote ${written.usageRows} requests and ${written.errorRows} errors in ${seconds} s`);
  });
}
