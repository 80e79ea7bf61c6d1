import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { generateTraffic } from '../../src/gateway/sample-traffic/generate-traffic.js';
import type { TrafficPlan } from '../../src/gateway/sample-traffic/generate-traffic.js';
import { burstFactor, expectedArrivals } from '../../src/gateway/sample-traffic/shape.js';
import { ROWS, batches, countBy, errors, groups, hourOf, usage, week } from '../support/sample-week.js';

function fingerprint(plan: TrafficPlan): string {
  const hash = createHash('sha256');
  for (const batch of generateTraffic(plan)) hash.update(JSON.stringify(batch));
  return hash.digest('hex');
}

describe('generateTraffic', () => {
  test('gives the same rows for the same plan and others for another seed', () => {
    const small = { ...week, rows: 6_000 };
    expect(fingerprint(small)).toBe(fingerprint({ ...small }));
    expect(fingerprint({ ...small, seed: 8 })).not.toBe(fingerprint(small));
  });

  test.each([
    ['Asia/Kolkata', -330],
    ['America/New_York', 300],
    ['UTC', 0],
  ])('gives the same rows in a process whose time zone is %s', async (zone, offset) => {
    const script = `
      const [{ generateTraffic }, { createHash }] = [await import(process.argv[1]), await import('node:crypto')];
      const plan = JSON.parse(process.argv[2]);
      const hash = createHash('sha256');
      for (const batch of generateTraffic({ ...plan, from: new Date(plan.from), to: new Date(plan.to) }))
        hash.update(JSON.stringify(batch));
      console.log(hash.digest('hex'), new Date('2026-01-15T00:00:00Z').getTimezoneOffset());`;
    const small = { ...week, rows: 6_000 };
    const built = new URL('../../dist/src/gateway/sample-traffic/generate-traffic.js', import.meta.url).href;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', script, built, JSON.stringify(small)],
      { env: { ...process.env, NODE_OPTIONS: '', TZ: zone } },
    );
    // The offset proves that the child did run in that zone.
    expect(stdout.trim()).toBe(`${fingerprint(small)} ${offset}`);
  });

  test('generates exactly the usage rows asked for, in batches of at most 5,000', () => {
    expect(usage).toHaveLength(ROWS);
    expect(batches.map((batch) => batch.usage.length)).toEqual(Array<number>(12).fill(5_000));
    const total = ({ rows }: { rows: number }): number =>
      [...generateTraffic({ ...week, rows })].reduce((sum, batch) => sum + batch.usage.length, 0);
    expect([0, 1, 4_999, 5_001].map((rows) => total({ rows }))).toEqual([0, 1, 4_999, 5_001]);
  });

  test('keeps every row in [from, to), usage in the order of time, to the microsecond', () => {
    const from = '2026-03-02T00:00:00.000000Z';
    const to = '2026-03-09T00:00:00.000000Z';
    const times = usage.map((row) => row.createdAt ?? '');
    for (const time of [...times, ...errors.map((row) => row.createdAt ?? '')]) {
      expect(time >= from && time < to && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time)).toBe(true);
    }
    expect(times).toEqual(times.toSorted());
    expect(times.some((time) => !time.endsWith('000Z'))).toBe(true);
  });

  test('fits into a range of one millisecond', () => {
    const narrow = { ...week, to: new Date(week.from.getTime() + 1), rows: 3_000 };
    const times = [...generateTraffic(narrow)].flatMap((batch) => [...batch.usage, ...batch.errors]);
    expect(times.every((row) => (row.createdAt ?? '').startsWith('2026-03-02T00:00:00.000'))).toBe(true);
  });

  test.each([
    ['an empty range', { to: week.from }],
    ['an invalid date', { from: new Date(NaN) }],
    ['half a row', { rows: 1.5 }],
    ['fewer rows than none', { rows: -1 }],
    ['a broken seed', { seed: 0.5 }],
    ['no group', { groups: [] }],
  ])('refuses %s', (_what, change) => {
    expect(() => [...generateTraffic({ ...week, ...change })]).toThrow(RangeError);
  });
});

describe('the shape of the traffic', () => {
  test('40 groups on six platforms, of sizes after Zipf', () => {
    const counts = countBy(usage, (row) => row.groupId ?? 'none');
    const share = (id: string): number => (counts.get(id) ?? 0) / ROWS;
    expect(new Set(groups.map((group) => group.platform)).size).toBe(6);
    expect(groups.every((group) => counts.has(group.id))).toBe(true);
    expect(share('1')).toBeGreaterThan(0.18);
    // Zipf with exponent 1.05: the tenth has 1/11 of the first.
    expect(share('1') / share('10')).toBeGreaterThan(8);
    expect(share('1') / share('10')).toBeLessThan(15);
    expect(share('none')).toBeGreaterThan(0.003);
    expect(share('none')).toBeLessThan(0.01);
  });

  test('office hours are busy, nights and weekends are not', () => {
    const perHour = (keep: (day: number, hour: number) => boolean): number => {
      const hours = new Set<string>();
      let rows = 0;
      for (const row of usage) {
        const time = new Date(row.createdAt ?? '');
        if (!keep(time.getUTCDay(), time.getUTCHours())) continue;
        rows += 1;
        hours.add(hourOf(row));
      }
      return rows / hours.size;
    };
    const working = (day: number): boolean => day >= 1 && day <= 5;
    const peak = perHour((day, hour) => working(day) && hour >= 13 && hour < 17);
    const night = perHour((day, hour) => working(day) && hour >= 1 && hour < 5);
    const weekend = perHour((day, hour) => !working(day) && hour >= 13 && hour < 17);
    expect(peak / night).toBeGreaterThan(3);
    expect(weekend / peak).toBeLessThan(0.65);
  });

  test('ranges that touch continue each other, and a week has about one arrival a second', () => {
    const [from, to] = [week.from.getTime(), week.to.getTime()];
    const whole = expectedArrivals(week.seed, from, to);
    for (const cut of [from + 1, from + 86_400_000, from + 123_456_789]) {
      const parts = expectedArrivals(week.seed, from, cut) + expectedArrivals(week.seed, cut, to);
      expect(parts / whole).toBeCloseTo(1, 9);
    }
    const mean = whole / ((to - from) / 1000);
    expect(mean).toBeGreaterThan(0.95);
    expect(mean).toBeLessThan(1.2); // bursts come on top
  });

  test('bursts are short, several times the usual rate, and show in the rows', () => {
    const perMinute = countBy(usage, (row) => (row.createdAt ?? '').slice(0, 16));
    const seen = { burst: [] as number[], usual: [] as number[] };
    for (let ms = week.from.getTime(); ms < week.to.getTime(); ms += 60_000) {
      const factor = burstFactor(week.seed, ms / 60_000);
      const rows = perMinute.get(new Date(ms).toISOString().slice(0, 16)) ?? 0;
      if (factor === 1) seen.usual.push(rows);
      else seen.burst.push(rows);
      expect(factor === 1 || (factor >= 3 && factor <= 8)).toBe(true);
    }
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(seen.burst.length).toBeGreaterThan(10);
    expect(seen.burst.length).toBeLessThan(seen.usual.length / 20);
    expect(mean(seen.burst)).toBeGreaterThan(2.5 * mean(seen.usual));
  });

  test('a first token comes on streamed requests only, and before the end', () => {
    const timed = usage.filter((row) => typeof row.firstTokenMs === 'number');
    expect(timed.length).toBeGreaterThan(ROWS / 3);
    expect(timed.every((row) => row.stream === true)).toBe(true);
    const ended = timed.filter((row) => typeof row.durationMs === 'number');
    expect(
      ended.every((row) => (row.firstTokenMs ?? 0) >= 1 && (row.firstTokenMs ?? 0) < (row.durationMs ?? 0)),
    ).toBe(true);
    expect(usage.some((row) => row.durationMs === null)).toBe(true);
    expect(usage.some((row) => row.stream === true && row.firstTokenMs === null)).toBe(true);
    expect(usage.some((row) => row.stream === false)).toBe(true);
  });

  test('tokens and costs are what the columns hold', () => {
    const tokens = usage.flatMap((row) => [row.inputTokens, row.outputTokens, row.cacheReadTokens]);
    expect(tokens.every((count) => Number.isInteger(count) && (count ?? -1) >= 0)).toBe(true);
    expect(usage.some((row) => (row.cacheCreationTokens ?? 0) > 0)).toBe(true);
    expect(usage.every((row) => /^\d{1,10}\.\d{10}$/.test(row.totalCost ?? ''))).toBe(true);
    expect(usage.every((row) => /^\d{1,10}\.\d{10}$/.test(row.actualCost ?? ''))).toBe(true);
  });
});

describe('the health of the traffic', () => {
  interface Row {
    readonly createdAt?: string | null;
    readonly groupId?: string | null;
  }
  const platformOf = new Map<unknown, string>(groups.map(({ id, platform }) => [id, platform]));
  const dayOf = ({ createdAt }: Row): string => (createdAt ?? '').slice(0, 10);
  const platformHourOf = (row: Row): string => `${platformOf.get(row.groupId) ?? ''} ${hourOf(row)}`;

  // The dashboard calls an SLA below 99 % degraded.
  test.each(['2026-01-05', '2026-04-01', '2026-08-15', '2026-11-20'])(
    'from %s on is good, but for incidents that pass',
    (day) => {
      const from = new Date(`${day}T00:00:00Z`);
      const to = new Date(from.getTime() + 30 * 86_400_000);
      const rows = [...generateTraffic({ ...week, from, to, rows: 150_000, seed: 3 })];
      const successes = rows.flatMap((batch) => batch.usage);
      const failures = rows
        .flatMap((batch) => batch.errors)
        .filter((row) => (row.statusCode ?? 0) >= 400 && row.isBusinessLimited !== true);
      const slaPer = (keyOf: (row: Row) => string, fewest: number): number[] => {
        const failed = countBy(failures, keyOf);
        return [...countBy(successes, keyOf)]
          .filter(([key, count]) => !key.startsWith(' ') && count >= fewest)
          .map(([key, count]) => count / (count + (failed.get(key) ?? 0)));
      };
      const days = slaPer(dayOf, 1);
      expect(days).toHaveLength(30);
      expect(days.filter((sla) => sla < 0.99).length).toBeLessThan(5);
      expect(days.every((sla) => sla < 1)).toBe(true);
      const hours = slaPer(platformHourOf, 30);
      expect(hours.some((sla) => sla < 0.95)).toBe(true);
      expect(hours.filter((sla) => sla < 0.95).length).toBeLessThan(hours.length / 30);
    },
  );
});
