import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import type { z } from 'zod';
import { pendingMigrations } from '../database/migrate.js';
import { Answers, ApiOpenEndpoint, boundQueries, OpsJobs, ErrorAnswer } from '../ops/index.js';
import { livenessSchema, readinessSchema } from './health.schemas.js';

/** Longest that readiness waits for an answer of the database, in milliseconds. */
const READY_TIMEOUT_MS = 3_000;

const READ_ONLY = `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only`;

const NotReady = (): MethodDecorator =>
  ErrorAnswer(
    'It is not; the message says what is missing.',
    ...[
      'database not reachable; migrations not readable',
      'database read-only, a standby perhaps',
      'jobs stuck: ops_rollup_refresh',
      'migrations pending: CreateOpsMetrics1764000000002',
    ].map((missing) => new ServiceUnavailableException(`Not ready: ${missing}`)),
  );

@ApiTags('health')
@Controller()
export class HealthController {
  public constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly modules: ModuleRef,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** The process is up. */
  @Get('health')
  @ApiOpenEndpoint('The process is up')
  @Answers(livenessSchema)
  public liveness(): z.infer<typeof livenessSchema> {
    return { status: 'ok' };
  }

  /** The database is reachable and writable, every migration applied, no job stuck; 503 otherwise. */
  @Get('ready')
  // Terminus would document a 503 of its own shape, which the error filter replaces.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOpenEndpoint('The database is reachable and writable, every migration applied, no job stuck')
  @Answers(readinessSchema)
  @NotReady()
  public async readiness(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([
        () => this.database(),
        () => this.migrations(),
        () => this.stuckJobs(),
      ]);
    } catch (error) {
      throw error instanceof ServiceUnavailableException ? notReady(error) : error;
    }
  }

  private async database(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    const readOnly = await this.ask(async (runner) => {
      const [row] = (await runner.query(READ_ONLY)) as { read_only: boolean }[];
      return row?.read_only === true;
    });
    return readOnly === false
      ? indicator.up()
      : indicator.down({ message: readOnly === 'failed' ? 'not reachable' : 'read-only, a standby perhaps' });
  }

  private async migrations(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('migrations');
    const pending = await this.ask((runner) => pendingMigrations(this.dataSource, runner));
    return pending !== 'failed' && pending.length === 0
      ? indicator.up()
      : indicator.down({ message: pending === 'failed' ? 'not readable' : `pending: ${pending.join(', ')}` });
  }

  private stuckJobs(): HealthIndicatorResult {
    const indicator = this.indicators.check('jobs');
    const stuck = this.modules
      .get(OpsJobs, { strict: false })
      .runs()
      .filter((run) => run.stuck);
    return stuck.length === 0
      ? indicator.up()
      : indicator.down({ message: `stuck: ${stuck.map(({ job }) => job).join(', ')}` });
  }

  /** A connection that gives no answer in time is closed: probes would soon have taken the whole pool. */
  private async ask<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T | 'failed'> {
    const runner = boundQueries(this.dataSource.createQueryRunner(), { limitMs: READY_TIMEOUT_MS });
    try {
      return await work(runner);
    } catch {
      return 'failed';
    } finally {
      await runner.release();
    }
  }
}

/** Says what is down in the message, which is all that the one error shape has room for. */
function notReady(failed: ServiceUnavailableException): ServiceUnavailableException {
  const { error = {} } = failed.getResponse() as Partial<HealthCheckResult>;
  const down = Object.entries(error).map(([name, result]) => `${name} ${String(result?.message)}`);
  return new ServiceUnavailableException(`Not ready: ${down.join('; ')}`);
}
