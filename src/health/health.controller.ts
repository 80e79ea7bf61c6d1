import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { pendingMigrations } from '../database/migrate.js';
import { ApiOpenEndpoint, errorAnswer } from '../ops/index.js';
import { LivenessResponse, ReadinessResponse } from './health.responses.js';

/** Longest that readiness waits for the database, in milliseconds. */
const READY_TIMEOUT_MS = 3_000;

const NOT_READY = errorAnswer('It is not; the message says what is missing.', {
  'no database': {
    code: 'SERVICE_UNAVAILABLE',
    message: 'Not ready: database not reachable; migrations not readable',
    field: null,
  },
  'pending migrations': {
    code: 'SERVICE_UNAVAILABLE',
    message: 'Not ready: migrations pending: CreateOpsMetrics1764000000002',
    field: null,
  },
});

@ApiTags('health')
@Controller()
export class HealthController {
  public constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** The process is up. */
  @Get('health')
  @ApiOpenEndpoint('The process is up')
  @ApiOkResponse({ type: LivenessResponse })
  public liveness(): LivenessResponse {
    return { status: 'ok' };
  }

  /** The database is reachable and every migration applied; 503 otherwise. */
  @Get('ready')
  // Terminus would document a 503 of its own shape, which the error filter replaces.
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOpenEndpoint('The database is reachable and every migration applied')
  @ApiOkResponse({ type: ReadinessResponse })
  @ApiServiceUnavailableResponse(NOT_READY)
  public async readiness(): Promise<HealthCheckResult> {
    try {
      return await this.health.check([() => this.database(), () => this.migrations()]);
    } catch (error) {
      throw error instanceof ServiceUnavailableException ? notReady(error) : error;
    }
  }

  private async database(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('database');
    const answer = await withTimeout(this.dataSource.query<unknown>('SELECT 1'));
    return answer === 'failed' ? indicator.down({ message: 'not reachable' }) : indicator.up();
  }

  private async migrations(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check('migrations');
    const pending = await withTimeout(pendingMigrations(this.dataSource));
    return pending !== 'failed' && pending.length === 0
      ? indicator.up()
      : indicator.down({ message: pending === 'failed' ? 'not readable' : `pending: ${pending.join(', ')}` });
  }
}

/** Says what is down in the message, which is all that the one error shape has room for. */
function notReady(failed: ServiceUnavailableException): ServiceUnavailableException {
  const { error = {} } = failed.getResponse() as Partial<HealthCheckResult>;
  const down = Object.entries(error).map(([name, result]) => `${name} ${String(result?.message)}`);
  return new ServiceUnavailableException(`Not ready: ${down.join('; ')}`);
}

async function withTimeout<T>(work: Promise<T>): Promise<T | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'failed'>((resolve) => {
    timer = setTimeout(() => {
      resolve('failed');
    }, READY_TIMEOUT_MS);
  });
  const outcome = await Promise.race([work.catch(() => 'failed' as const), late]);
  clearTimeout(timer);
  return outcome;
}
