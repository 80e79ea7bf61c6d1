import type { DataSource } from 'typeorm';
import { writeSampleTraffic } from '../../../src/gateway/sample-traffic/write-sample-traffic.js';
import { HOUR_MS } from '../../../src/ops/common/utc.js';
import { databaseClock } from './database-clock.js';
import { progress } from './report.js';
import type { Scene } from './scene.js';
import { connect } from './server.js';
import { copyRows } from './today.js';

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;

/** Minutes of sample traffic that the others are copies of. */
const PATTERN_MINUTES = 10;
/** The last hour, the one before it that the overview compares with, and a while to measure in. */
const HISTORY_MINUTES = 130;

/** The traffic of one density, in requests a day. */
export class PresentTraffic {
  private constructor(
    private readonly perDay: number,
    private readonly patternStart: Date,
  ) {}

  /** Writes the traffic of the last two hours, up to the whole minute that the clock is in. */
  public static async write(dataSource: DataSource, perDay: number, seed: number): Promise<PresentTraffic> {
    const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const start = new Date(now - HISTORY_MINUTES * MINUTE_MS);
    const length = PATTERN_MINUTES * MINUTE_MS;
    await writeSampleTraffic(dataSource, {
      from: start,
      to: new Date(start.getTime() + length),
      rows: Math.round((perDay * PATTERN_MINUTES * 60) / DAY_SECONDS),
      seed,
    });
    for (let at = start.getTime() + length; at < now; at += length) {
      progress(`copying to ${new Date(at).toISOString()}`);
      await copyRows(dataSource, start, Math.min(length, now - at), at - start.getTime());
    }
    return new PresentTraffic(perDay, start);
  }

  /** Requests of an hour. */
  public get perHour(): number {
    return Math.round((this.perDay / DAY_SECONDS) * (HOUR_MS / 1000));
  }

  /** Writes each second what came in it, as the gateway would, until the signal. */
  public async goOn(scene: Scene, signal: AbortSignal): Promise<void> {
    const client = await connect(scene.url);
    try {
      let written = (await databaseClock(scene)).getTime();
      while (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const now = (await databaseClock(scene)).getTime();
        const into = (written - this.patternStart.getTime()) % (PATTERN_MINUTES * MINUTE_MS);
        const from = new Date(this.patternStart.getTime() + into);
        await copyRows(client, from, now - written, written - from.getTime());
        written = now;
      }
    } finally {
      await client.end();
    }
  }
}
