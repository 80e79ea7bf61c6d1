// Runs the built rollup in a process of its own, for tests that need another process time zone (TZ).
// usage: node rollup-process.mjs <url> <from> <to>; prints one line of JSON
import { createDataSource } from '../../dist/src/database/data-source.js';
import { OpsPreaggService } from '../../dist/src/ops/index.js';

const [, , url, from, to] = process.argv;
const dataSource = await createDataSource(url).initialize();
try {
  const service = new OpsPreaggService(dataSource);
  const hourly = await service.upsertHourlyMetrics(new Date(from), new Date(to));
  const daily = await service.upsertDailyMetrics(new Date(from), new Date(to));
  const latestHour = await service.getLatestHourlyBucketStart();
  const latestDay = await service.getLatestDailyBucketDate();
  const localHour = new Date(from).getHours();
  console.log(JSON.stringify({ localHour, hourly, daily, latestHour, latestDay }));
} finally {
  await dataSource.destroy();
}
