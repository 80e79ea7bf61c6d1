import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { HttpShutdown } from './http-shutdown.service.js';

@Module({ imports: [TerminusModule], controllers: [HealthController], providers: [HttpShutdown] })
export class HealthModule {}
