import { beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { OpsModule, OpsPrometheusService, RefreshService } from '../../src/ops/index.js';
import { DATABASE_METRICS, PROCESS_METRICS } from '../../src/ops/prometheus/metrics.js';
import { MAX_NAMES } from '../../src/ops/prometheus/ops-prometheus.service.js';
import { HAS_PROMTOOL, promtool, PROMTOOL_SKIPPED } from '../support/promtool.js';
import { OpsScene } from '../support/ops-scene.js';
const HOUR_MS = 3_600_000;

const scene = new OpsScene('prometheus');
let app: INestApplication;
let lastHour: Date;

async function createApp(metricsEndpoint?: boolean): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [
      TypeOrmModule.forRoot(dataSourceOptions(scene.url)),
      OpsModule.forRoot({
        jobsEnabled: false,
        safeDelaySeconds: 0,
        ...(metricsEndpoint === undefined ? {} : { metricsEndpoint }),
      }),
    ],
  }).compile();
  const created = module.createNestApplication({ logger: false });
  await created.listen(0, '127.0.0.1');
  scene.defer(() => created.close());
  return created;
}

/** The samples of a scrape: `name{labels}` as it stands, and its value. */
async function scrape(from = app): Promise<Map<string, number>> {
  const response = await fetch(`${await from.getUrl()}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

beforeEach(async () => {
  app = await createApp();
  lastHour = await scene.ago(1);
  await scene.insertRequests(lastHour, 6, 1);
  await scene.insertRequests(lastHour, 2, 3);
  await scene.insertFailures(lastHour, 4);
  // By the instance that is scraped: it counts what it has drained.
  await app.get(RefreshService).tick();
  await app.get(RefreshService).maintain();
});

describe('GET /metrics', () => {
  it('tells a value of everything it declares', async () => {
    const names = new Set([...(await scrape()).keys()].map((sample) => sample.replace(/\{.*/, '')));
    const declared = [...Object.values(PROCESS_METRICS), ...DATABASE_METRICS].map(({ name }) => name);
    expect([...names].toSorted()).toEqual(declared.toSorted());
  });

  (HAS_PROMTOOL ? it : it.skip)(
    `is what promtool finds nothing to complain of${PROMTOOL_SKIPPED}`,
    async () => {
      const text = await (await fetch(`${await app.getUrl()}/metrics`)).text();
      expect(text).toContain('ops_gateway_last_hour_duration_seconds{');
      expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    },
  );

  it('tells the last closed hour, overall and per platform', async () => {
    const hour = [...(await scrape())].filter(([name]) => name.startsWith('ops_gateway_'));
    expect(Object.fromEntries(hour)).toMatchObject({
      ops_gateway_last_hour_timestamp_seconds: lastHour.getTime() / 1000,
      ops_gateway_last_hour_overall_requests: 12,
      'ops_gateway_last_hour_requests{platform="openai"}': 10,
      'ops_gateway_last_hour_requests{platform="anthropic"}': 2,
      'ops_gateway_last_hour_errors{kind="sla",platform="openai"}': 4,
      'ops_gateway_last_hour_errors{kind="business_limited",platform="openai"}': 0,
      'ops_gateway_last_hour_upstream_errors{kind="other",platform="openai"}': 2,
      'ops_gateway_last_hour_sla_ratio{platform="openai"}': 0.6,
      'ops_gateway_last_hour_sla_ratio{platform="anthropic"}': 1,
      'ops_gateway_last_hour_tokens{platform="anthropic"}': 33,
      'ops_gateway_last_hour_tokens_by_kind{kind="input",platform="anthropic"}': 30,
      'ops_gateway_last_hour_overall_tokens_by_kind{kind="output"}': 24,
      'ops_gateway_last_hour_overall_tokens_by_kind{kind="cache_read"}': 0,
      ops_gateway_last_hour_overall_actual_cost: 0,
      // 137 and 174 ms
      'ops_gateway_last_hour_duration_seconds{platform="anthropic",percentile="p50"}': 0.156,
      'ops_gateway_last_hour_ttft_seconds{platform="anthropic",percentile="p99"}': 0.04,
    });
  });

  it('tells the last closed hour of each model, whatever it is called', async () => {
    await scene.query(
      `INSERT INTO usage_logs (user_id, api_key_id, account_id, model, group_id, input_tokens, total_cost, actual_cost, created_at)
       SELECT 1, 1, 1, name, 1, 7, 0.5, 0.1, $1::timestamptz + interval '1 minute'
       FROM unnest(ARRAY['a "b"\\c', E'two\\nlines', 'a "b"\\c']) AS name`,
      [lastHour],
    );
    await scene.query(
      `UPDATE ops_error_logs SET model = 'model' WHERE id = (SELECT min(id) FROM ops_error_logs)`,
    );
    await scene.tick();
    const samples = [...(await scrape())].filter(([name]) => name.startsWith('ops_gateway_last_hour_model'));
    expect(Object.fromEntries(samples)).toMatchObject({
      'ops_gateway_last_hour_model_requests{model="model"}': 9,
      'ops_gateway_last_hour_model_requests{model="(none)"}': 3,
      'ops_gateway_last_hour_model_requests{model="a \\"b\\"\\\\c"}': 2,
      'ops_gateway_last_hour_model_requests{model="two\\nlines"}': 1,
      'ops_gateway_last_hour_model_errors{kind="sla",model="model"}': 1,
      'ops_gateway_last_hour_model_errors{kind="business_limited",model="model"}': 0,
      'ops_gateway_last_hour_model_tokens_by_kind{kind="input",model="two\\nlines"}': 7,
      'ops_gateway_last_hour_model_actual_cost{model="a \\"b\\"\\\\c"}': 0.2,
    });
    expect((await scrape()).get('ops_gateway_last_hour_overall_total_cost')).toBe(1.5);
    if (HAS_PROMTOOL) {
      const text = await (await fetch(`${await app.getUrl()}/metrics`)).text();
      expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    }
  });

  it('names the busiest models and adds the rest to those that have no name', async () => {
    await scene.query(
      `INSERT INTO ops_metrics_dimension_hourly (bucket_start, dimension, key, group_id, success_count)
       SELECT $1::timestamptz, 'model', 'm' || i, g, 1000 + i FROM generate_series(1, $2::int) AS i, (VALUES (NULL), (1)) AS v(g)
       UNION ALL SELECT $1::timestamptz, 'model', '(other)', NULL, 100000`,
      [lastHour, MAX_NAMES],
    );
    const samples = await scrape();
    const requests = [...samples.keys()].filter((name) => name.startsWith('ops_gateway_last_hour_model_req'));
    expect(requests).toHaveLength(MAX_NAMES + 1);
    expect(samples.get('ops_gateway_last_hour_model_requests{model="m1"}')).toBe(1_001);
    expect(samples.get('ops_gateway_last_hour_model_requests{model="(other)"}')).toBe(100_000 + 8 + 4);
  });

  it('goes one hour back while the last one is stale, and says 0 for an hour without traffic', async () => {
    await scene.note(lastHour);
    const samples = await scrape();
    expect(samples.get('ops_gateway_last_hour_timestamp_seconds')).toBe(
      (lastHour.getTime() - HOUR_MS) / 1000,
    );
    expect(samples.get('ops_gateway_last_hour_overall_requests')).toBe(0);
    expect(samples.has('ops_gateway_last_hour_overall_sla_ratio')).toBe(false);
  });

  it('names the largest platforms and sums the rest, one that is called other included', async () => {
    await scene.query(
      `INSERT INTO ops_metrics_hourly (bucket_start, platform, success_count, error_count_sla, error_count_total, duration_p50_ms)
       SELECT $1::timestamptz, 'p' || i, 1000 + i, 1, 1, 500 FROM generate_series(1, $2::int) AS i
       UNION ALL SELECT $1::timestamptz, 'other', 100000, 0, 0, 500`,
      [lastHour, MAX_NAMES],
    );
    const samples = [...(await scrape())];
    const requests = samples.filter(([name]) => name.startsWith('ops_gateway_last_hour_requests'));
    expect(requests).toHaveLength(MAX_NAMES + 1);
    const other = Object.fromEntries(samples.filter(([name]) => name.includes('platform="other"')));
    expect(other['ops_gateway_last_hour_requests{platform="other"}']).toBe(100_000 + 10 + 2);
    expect(other['ops_gateway_last_hour_sla_ratio{platform="other"}']).toBeCloseTo(100_008 / 100_012, 12);
    expect(Object.keys(other).filter((name) => name.includes('percentile'))).toEqual([]);
  });

  it('tells stale, failing and held back hours, and how long the oldest has been waiting', async () => {
    const hours = (ago: number) => new Date(lastHour.getTime() - ago * HOUR_MS).toISOString();
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, noted_at, attempts, suspicious_at) VALUES
       ($1, 'new_rows', clock_timestamp() - interval '2 hours', 0, NULL),
       ($2, 'new_rows', clock_timestamp(), 3, NULL), ($3, 'new_rows', '2020-01-01Z', 0, clock_timestamp())`,
      [hours(24), hours(25), hours(26)],
    );
    // Noted two days ago, and closed this moment: not two days old.
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason, noted_at) VALUES ($1, 'new_rows', now() - interval '2 days')`,
      [lastHour],
    );
    const samples = await scrape();
    expect(samples.get('ops_rollup_pending_buckets')).toBe(3);
    expect(samples.get('ops_rollup_failing_buckets')).toBe(1);
    expect(samples.get('ops_rollup_suspicious_buckets')).toBe(1);
    const age = samples.get('ops_rollup_oldest_pending_age_seconds');
    expect(age).toBeGreaterThanOrEqual(7_200);
    expect(age).toBeLessThan(7_200 + 600);
  });

  it('tells how old what minutes say is, and takes no minute with new rows for one that waits', async () => {
    await scene.query('DELETE FROM ops_metrics_invalidations');
    const at = (minutes: number): string => new Date(lastHour.getTime() + minutes * 60_000).toISOString();
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason, attempts, suspicious_at, loss_seen_at) VALUES
       ('minute', $1, 'new_rows', 0, NULL, NULL), ('minute', $2, 'new_rows', 3, NULL, NULL),
       ('minute', $3, 'audit', 0, now(), NULL), ('minute', $4, 'audit', 0, NULL, now())`,
      [at(1), at(2), at(3), at(4)],
    );
    await scene.query(`UPDATE ops_metrics_live SET live_through = now() - interval '2 hours'`);
    const samples = await scrape();
    expect(samples.get('ops_rollup_live_lag_seconds')).toBeCloseTo(7_200, -3);
    expect(samples.get('ops_rollup_live_lag_seconds')).toBeGreaterThanOrEqual(7_200);
    expect(Object.fromEntries(samples)).toMatchObject({
      ops_rollup_pending_buckets: 0,
      ops_rollup_waiting_buckets: 0,
      ops_rollup_oldest_pending_age_seconds: 0,
      ops_rollup_failing_buckets: 1,
      ops_rollup_suspicious_buckets: 1,
      ops_rollup_losing_buckets: 1,
    });
    const status = await scene.status();
    expect(status).toMatchObject({
      live: { minutesFrom: expect.any(String), lagSeconds: expect.any(Number) },
      invalidations: { pending: 0, pendingMinutes: 2, waitingToClose: 0, oldestPendingSince: null },
      failingBuckets: [{ tier: 'minute', bucketStart: at(2), attempts: 3 }],
      suspiciousBuckets: [{ tier: 'minute', bucketStart: at(3) }],
      losingBuckets: [{ tier: 'minute', bucketStart: at(4) }],
    });
    await scene.query('UPDATE ops_metrics_live SET minutes_from = NULL, live_through = NULL');
    expect((await scrape()).has('ops_rollup_live_lag_seconds')).toBe(false);
    expect((await scene.status()).live).toEqual({ minutesFrom: null, liveThrough: null, lagSeconds: null });
  });

  it('tells of stale days too, once they are over, and does not take them for hours', async () => {
    const midnight = new Date(Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS);
    const [today, yesterday] = [midnight, new Date(midnight.getTime() - 24 * HOUR_MS)];
    await scene.query('DELETE FROM ops_metrics_invalidations');
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason, attempts, noted_at) VALUES
       ('day', $1, 'new_rows', 0, now()), ('day', $2, 'new_rows', 2, now())`,
      [today, yesterday],
    );
    await scene.query(
      `INSERT INTO ops_rebuilds (range_start, range_end, hours_total) VALUES ($1, $1::timestamptz + interval '24 hours', 24)`,
      [yesterday],
    );
    const samples = await scrape();
    expect(samples.get('ops_rollup_pending_buckets')).toBe(1);
    expect(samples.get('ops_rollup_failing_buckets')).toBe(1);
    expect(samples.get('ops_rollup_oldest_pending_age_seconds')).toBeLessThan(600);
    expect(samples.get('ops_rollup_rebuild_buckets_left')).toBe(1);
    // As at midnight, when the last closed hour begins with the day.
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (tier, bucket_start, reason) VALUES ('day', $1, 'new_rows') ON CONFLICT DO NOTHING`,
      [lastHour],
    );
    expect((await scrape()).get('ops_gateway_last_hour_timestamp_seconds')).toBe(lastHour.getTime() / 1000);
  });

  it('tells what became of jobs, rows and rebuilds', async () => {
    await scene.query(
      `INSERT INTO ops_rebuilds (range_start, range_end, hours_total, finished_at, cancelled_at) VALUES
       ('2026-01-01Z', '2026-01-02Z', 24, now(), NULL), ('2026-01-01Z', '2026-01-02Z', 24, now(), NULL),
       ('2026-01-01Z', '2026-01-02Z', 24, NULL, now()), ('2026-02-01Z', '2026-02-02Z', 24, NULL, NULL)`,
    );
    await scene.query(
      `INSERT INTO ops_metrics_invalidations (bucket_start, reason) VALUES ('2026-02-01 05:00Z', 'rebuild'), ('2026-01-01Z', 'rebuild')`,
    );
    await scene.query(`UPDATE ops_detect_state SET late_rows = 9007199254740991, below_floor_rows = 4`);
    await scene.query(
      `UPDATE ops_job_heartbeats SET last_error_at = last_success_at + interval '1 second', last_duration_ms = 1500,
         last_success_at = timestamptz '2026-03-01 00:00:00Z' WHERE job_name = 'ops_rollup_maintenance'`,
    );
    await scene.query(
      `INSERT INTO ops_job_heartbeats (job_name, last_run_at) VALUES ('another program', now())`,
    );
    expect(Object.fromEntries(await scrape())).toMatchObject({
      'ops_rollup_rebuilds{state="finished"}': 2,
      'ops_rollup_rebuilds{state="cancelled"}': 1,
      'ops_rollup_rebuilds{state="running"}': 1,
      ops_rollup_rebuild_buckets_left: 1,
      'ops_rollup_late_rows_total{raw_table="usage_logs"}': 9_007_199_254_740_991,
      'ops_rollup_below_floor_rows_total{raw_table="ops_error_logs"}': 4,
      'ops_rollup_safe_id{raw_table="ops_error_logs"}': expect.any(Number),
      'ops_rollup_job_last_run_failed{job_name="ops_rollup_refresh"}': 0,
      'ops_rollup_job_last_run_failed{job_name="ops_rollup_maintenance"}': 1,
      'ops_rollup_job_last_duration_seconds{job_name="ops_rollup_maintenance"}': 1.5,
      'ops_rollup_job_last_success_timestamp_seconds{job_name="ops_rollup_maintenance"}': 1_772_323_200,
      ops_rollup_drained_buckets_total: 1,
      ops_rollup_failed_attempts_total: 0,
    });
    expect([...(await scrape()).keys()].join('\n')).not.toContain('another program');
  });
});

describe('a scrape', () => {
  it('touches no raw table', async () => {
    await scene.begin('LOCK TABLE usage_logs, ops_error_logs, groups IN ACCESS EXCLUSIVE MODE');
    expect((await scrape()).get('ops_rollup_up')).toBe(1);
  });

  it('says 0 and no stale values while the database does not answer, and recovers', async () => {
    const other = await scene.begin('LOCK TABLE ops_metrics_invalidations IN ACCESS EXCLUSIVE MODE');
    const scrapes = await Promise.all([scrape(), scrape(), scrape()]);
    for (const samples of scrapes) {
      expect(samples.get('ops_rollup_up')).toBe(0);
      const names = new Set([...samples.keys()].map((key) => key.replace(/\{.*$/, '')));
      expect([...names].toSorted()).toEqual(
        Object.values(PROCESS_METRICS)
          .map(({ name }) => name)
          .toSorted(),
      );
    }
    await other.query('ROLLBACK');
    expect((await scrape()).get('ops_rollup_up')).toBe(1);
  });

  it('says 0 when there is no connection to be had at all', async () => {
    await app.get(DataSource).destroy();
    expect((await scrape()).get('ops_rollup_up')).toBe(0);
    await app.get(DataSource).initialize();
  });

  it('has a registry of its own in each module, which a host can merge with its own', async () => {
    const second = await createApp();
    expect((await scrape(second)).get('ops_rollup_drained_buckets_total')).toBe(0);
    expect((await scrape()).get('ops_rollup_drained_buckets_total')).toBe(1);
    const own = new Registry();
    new Counter({ name: 'host_requests_total', help: 'Of the host.', registers: [own] }).inc(3);
    const merged = Registry.merge([own, app.get(OpsPrometheusService).registry]);
    const text = await merged.metrics();
    expect(text).toContain('host_requests_total 3');
    expect(text).toContain('ops_rollup_up 1');
  });

  it('is not served where the host does not want it', async () => {
    const without = await createApp(false);
    const response = await fetch(`${await without.getUrl()}/metrics`);
    expect(response.status).toBe(404);
  });
});
