import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { gatewayEntities } from './entities/index.js';
import { LiveTrafficService } from './live-traffic.service.js';

/** The host gateway's own part: its raw logs, and sample traffic to try the rollup on. */
@Module({
  imports: [TypeOrmModule.forFeature(gatewayEntities)],
  providers: [LiveTrafficService],
  exports: [LiveTrafficService],
})
export class GatewayModule {}
