import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Counter, Gauge, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { RefusalDelays } from '../http/refusal-delays.js';
import { DEFINITION_VERSION } from '../definitions/definition-version.js';
import { OPS_TABLES_TOKEN, type OpsTables } from '../definitions/ops-tables.js';
import { selectRows } from '../sql/sql-runner.js';
import { OpsOptions } from '../options/ops.options.js';
import { errorText } from '../sql/database-errors.js';
import { DrainService } from '../drain/drain.service.js';
import { OpsJobs } from '../jobs/ops-jobs.service.js';
import { MAINTENANCE_JOB, REFRESH_JOB } from '../jobs/refresh.service.js';
import { limitedTransaction } from '../sql/short-transaction.js';
import { DATABASE_METRICS, PROCESS_METRICS, type MetricDefinition } from './metrics.js';
import { lastHourSamples } from './sql/last-hour-samples.sql.js';
import { rollupSamples, type SampleRow } from './sql/rollup-samples.sql.js';

/** Platforms, and models, told by name; the rest is one. It bounds what one scrape can store. */
export const MAX_NAMES = 50;

/** Longest that a scrape waits for the database, in milliseconds; Prometheus gives up after 10 s by default. */
const DEADLINE_MS = 3_000;
const STATEMENT_TIMEOUT_MS = 2_000;

/** What the database said, or null where it did not in time. */
type Snapshot = ReadonlyMap<string, readonly SampleRow[]> | null;

/**
 * The metrics for Prometheus, read from the database when they are asked for, so that every instance tells the same
 * (but for the counters of what it did itself).
 *
 * The registry is the module's own: a host serves it with its own metrics by `Registry.merge([own, service.registry])`.
 */
@Injectable()
export class OpsPrometheusService {
  public readonly registry = new Registry();
  private readonly logger = new Logger('OpsPrometheus');
  private snapshot: Promise<Snapshot> | undefined;
  private reading: Promise<readonly SampleRow[]> | undefined;
  private wasUp = true;

  public constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(OPS_TABLES_TOKEN) private readonly tables: OpsTables,
    private readonly options: OpsOptions,
    drains: DrainService,
    refusals: RefusalDelays,
    jobs: OpsJobs,
  ) {
    const {
      up,
      definitionVersion,
      drained,
      failed,
      heldBack,
      belowFloor,
      authFailures,
      jobRunning,
      jobStuck,
    } = PROCESS_METRICS;
    this.expose(up, (read) => valueOf(read === null ? 0 : 1));
    this.expose(definitionVersion, () => valueOf(DEFINITION_VERSION));
    this.expose(drained, () => valueOf(drains.totals.drainedHours));
    this.expose(failed, () => valueOf(drains.totals.failedBuckets));
    this.expose(heldBack, () => valueOf(drains.totals.suspiciousHours));
    this.expose(belowFloor, () => valueOf(drains.totals.belowFloorHours));
    this.expose(authFailures, () => valueOf(refusals.total));
    this.expose(jobRunning, () => jobs.runs().map(({ job, seconds }) => ofJob(job, seconds)));
    this.expose(jobStuck, () => jobs.runs().map(({ job, stuck }) => ofJob(job, stuck ? 1 : 0)));
    for (const definition of DATABASE_METRICS) {
      this.expose(definition, (read) => read?.get(definition.name) ?? []);
    }
  }

  /** In Prometheus' text format. Never fails for the database: without it, `ops_rollup_up` is 0 and the rest absent. */
  public async metrics(): Promise<string> {
    return this.registry.metrics();
  }

  private expose(
    { name, help, type, labels = [] }: MetricDefinition,
    samplesOf: (read: Snapshot) => readonly Pick<SampleRow, 'labels' | 'value'>[],
  ): void {
    const config = { name, help, labelNames: [...labels], registers: [this.registry] };
    const collect = async (): Promise<void> => {
      const samples = samplesOf(await this.read());
      metric.reset();
      if (labels.length === 0) {
        metric.remove(); // reset leaves a 0, which would be a value
      }
      for (const sample of samples) {
        metric.inc(sample.labels, sample.value);
      }
    };
    const metric =
      type === 'counter' ? new Counter({ ...config, collect }) : new Gauge({ ...config, collect });
  }

  /** All metrics of a scrape, and scrapes at the same time, share one reading. */
  private async read(): Promise<Snapshot> {
    this.snapshot ??= this.readInTime().finally(() => {
      this.snapshot = undefined;
    });
    return this.snapshot;
  }

  private async readInTime(): Promise<Snapshot> {
    // One that outlives its scrape holds a connection: the next scrape waits for it, and asks for no second one.
    this.reading ??= this.fromDatabase().finally(() => {
      this.reading = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${DEADLINE_MS} ms`));
      }, DEADLINE_MS);
    });
    try {
      const rows = await Promise.race([this.reading, late]);
      this.wasUp = true;
      return byMetric(rows);
    } catch (error) {
      if (this.wasUp) {
        this.logger.warn(`The metrics cannot be read from the database: ${errorText(error)}`);
      }
      this.wasUp = false;
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  private async fromDatabase(): Promise<readonly SampleRow[]> {
    const { safeDelaySeconds, idleInTransactionTimeoutMs } = this.options;
    const limits = {
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: STATEMENT_TIMEOUT_MS,
      idleInTransactionTimeoutMs,
    };
    return limitedTransaction(this.dataSource, limits, async (manager) => [
      ...(await selectRows<SampleRow>(
        manager,
        rollupSamples(this.tables, safeDelaySeconds, [REFRESH_JOB, MAINTENANCE_JOB]),
      )),
      ...(await selectRows<SampleRow>(manager, lastHourSamples(this.tables, safeDelaySeconds, MAX_NAMES))),
    ]);
  }
}

function byMetric(rows: readonly SampleRow[]): ReadonlyMap<string, readonly SampleRow[]> {
  const samples = new Map<string, SampleRow[]>();
  for (const row of rows) {
    samples.set(row.metric, [...(samples.get(row.metric) ?? []), row]);
  }
  return samples;
}

function valueOf(value: number): readonly Pick<SampleRow, 'labels' | 'value'>[] {
  return [{ labels: {}, value }];
}

function ofJob(job: string, value: number): Pick<SampleRow, 'labels' | 'value'> {
  return { labels: { job_name: job }, value };
}
