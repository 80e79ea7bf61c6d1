import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import { OpsPreaggService } from 'llm-gateway-ops';
import type { DataSource } from 'typeorm';
import { createAdapter } from './adapter.js';
import { AppModule } from './app.module.js';

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, createAdapter());
  app.setGlobalPrefix('api');
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 0, '127.0.0.1');
  // The exported service and the host's own DataSource, side by side.
  const latest = await app.get(OpsPreaggService, { strict: false }).getLatestHourlyBucketStart();
  const [answer] = await app.get<DataSource>(getDataSourceToken()).query('SELECT 1 AS one');
  console.log(`ready ${JSON.stringify({ latest, ...answer })}`);
}

void start();
