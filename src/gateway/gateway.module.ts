import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { gatewayEntities } from './entities/index.js';
import { LiveTrafficService } from './live-traffic.service.js';
import { RawLogService } from './raw-log.service.js';

/** The host gateway's own part: its raw logs, how they are written, and sample traffic to try the rollup on. */
@Module({
  imports: [TypeOrmModule.forFeature(gatewayEntities)],
  providers: [RawLogService, LiveTrafficService],
  exports: [RawLogService, LiveTrafficService],
})
export class GatewayModule {}
