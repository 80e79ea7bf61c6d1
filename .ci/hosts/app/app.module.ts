import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import { OpsModule, opsEntities, opsMigrationsIn } from 'llm-gateway-ops';
// @ts-ignore: handed on as it is; the types that it may have ask for a newer TypeScript than this package does
import pg from 'pg';
import { AdminGuard, HealthController, Public, Settings, surroundings } from './surroundings.js';

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

/** A host with its raw tables in one schema and the metrics in another, and with surroundings of its own. */
@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      driver: pg, // else TypeORM looks for it at run time, beside a bundle
      url: process.env.DATABASE_URL ?? '',
      entities: [...opsEntities],
      migrations: opsMigrationsIn('ops'),
      migrationsRun: true,
    }),
    ScheduleModule.forRoot(),
    OpsModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => ({
        schema: 'ops',
        rawSchema: 'gateway',
        auditPercent: settings.auditPercent,
        safeDelaySeconds: 0,
        runJobsAtStart: false,
      }),
      adminGuard: AdminGuard,
      publicDecorators: [Public()],
    }),
  ],
  controllers: [HealthController],
  providers: surroundings,
})
export class AppModule {}
