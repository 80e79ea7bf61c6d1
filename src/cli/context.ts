import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AppModule } from '../app.module.js';
import { readEnvironment } from '../config/environment.js';
import { pendingMigrations } from '../database/migrate.js';
import { createLogger } from '../server/logger.js';
import { forceExitAfterSignal } from '../server/shutdown.js';
import { CommandFailure } from './failures.js';

/**
 * Runs a command on the same services as the app, and closes them whatever happens. Only warnings are logged, unless
 * LOG_LEVEL says otherwise, so that the output stays the command's own.
 *
 * @throws CommandFailure where migrations are pending and the command needs them
 */
export async function withServices<T>(
  work: (app: INestApplicationContext) => Promise<T>,
  { needsMigrations = true } = {},
): Promise<T> {
  const environment = readEnvironment({ LOG_LEVEL: 'warn', ...process.env });
  const app = await NestFactory.createApplicationContext(AppModule.forCommandLine(environment), {
    logger: createLogger(environment, 'stderr'),
    abortOnError: false,
  });
  app.enableShutdownHooks();
  forceExitAfterSignal();
  try {
    if (needsMigrations) {
      const pending = await pendingMigrations(dataSourceOf(app));
      if (pending.length > 0) {
        throw new CommandFailure(
          `migrations are pending (${pending.join(', ')}): run \`npm run ops -- migrate\` first`,
        );
      }
    }
    return await work(app);
  } finally {
    await app.close();
  }
}

export function dataSourceOf(app: INestApplicationContext): DataSource {
  return app.get<DataSource>(getDataSourceToken(), { strict: false });
}
