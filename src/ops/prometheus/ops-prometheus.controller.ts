import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { ApiOpenEndpoint } from '../http/open-endpoint.js';
import { OwnAnswers } from '../http/own-answers.js';
import { PROCESS_METRICS } from './metrics.js';
import { OpsPrometheusService } from './ops-prometheus.service.js';

const { name, help, type } = PROCESS_METRICS.up;
const EXAMPLE = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} 1\n`;

/**
 * `GET /metrics`, below the host's global prefix. Public, as Prometheus expects it, so that whoever reaches the port
 * sees counts and latencies per platform: keep the port inside, or switch it off (`metricsEndpoint: false`) and serve
 * the registry of OpsPrometheusService behind a guard.
 */
@Controller('metrics')
@ApiTags('ops')
@OwnAnswers()
export class OpsPrometheusController {
  public constructor(private readonly prometheus: OpsPrometheusService) {}

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  @ApiOpenEndpoint('Metrics of the rollup and of the last closed hour, for Prometheus')
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String, example: EXAMPLE })
  public async metrics(): Promise<string> {
    return this.prometheus.metrics();
  }
}
