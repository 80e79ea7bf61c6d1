// Runs the built refresh in a process of its own, for tests that need another process time zone (TZ) or clock.
// usage: node refresh-process.mjs <url> <offset of the clock in ms> <from> <to>; prints one line of JSON
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';

const [, , url, offset, from, to] = process.argv;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + Number(offset)] : given));
  }
  static now() {
    return RealDate.now() + Number(offset);
  }
};

const { dataSourceOptions } = await import('../../dist/src/database/data-source.js');
const ops = await import('../../dist/src/ops/index.js');

class HostModule {}
const host = {
  module: HostModule,
  imports: [
    TypeOrmModule.forRoot(dataSourceOptions(url)),
    ops.OpsModule.forRoot({ jobsEnabled: false, safeDelaySeconds: 0 }),
  ],
};
const app = await NestFactory.createApplicationContext(host, { logger: false });
try {
  const tick = await app.get(ops.RefreshService).tick();
  const rebuilds = app.get(ops.RebuildService);
  const future = new RealDate(RealDate.now() + 30 * 60_000).toISOString();
  const refused = await rebuilds.request({ from, to: future }).catch((error) => error.field);
  const rebuild = await rebuilds.request({ from, to });
  await app.get(ops.RefreshService).tick(); // the drain that the rebuild started comes first
  await app.get(ops.RefreshService).maintain();
  const report = await app.get(ops.VerifyService).verify(from, to);
  console.log(
    JSON.stringify({
      localHour: new Date(from).getHours(),
      clockOffset: Math.round((Date.now() - RealDate.now()) / 60_000),
      failed: tick.failedBuckets,
      refused,
      rebuilt: rebuild.to,
      differences: report.differenceCount,
    }),
  );
} finally {
  await app.close();
}
