import { DataSource, type DataSourceOptions } from 'typeorm';
import { gatewayMigrations } from '../../migrations/index.js';
import { gatewayEntities } from '../gateway/entities/index.js';
import { opsEntities, opsMigrations } from '../ops/index.js';
import { QuietLogger } from './quiet-logger.js';

/** Where applied migrations are recorded. */
export const MIGRATIONS_TABLE = 'ops_migrations';

/**
 * TypeORM's options of the gateway database. The migrations are recorded in a table of their own, so that they
 * never mix with those of another program in the same database.
 *
 * @param url any `postgres://` URL of a PostgreSQL 14 or newer.
 */
export function dataSourceOptions(url: string, poolSize = 10): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: [...gatewayEntities, ...opsEntities],
    migrations: [...gatewayMigrations, ...opsMigrations],
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'each',
    synchronize: false,
    logger: new QuietLogger(),
    applicationName: 'llm-gateway-ops',
    poolSize,
    // A pool that nobody can connect through should say so, not hang.
    connectTimeoutMS: 10_000,
    // Needed by other readers of the pool: a broken idle connection is replaced, not a reason to crash.
    poolErrorHandler: () => undefined,
  };
}

export function createDataSource(url: string, poolSize?: number): DataSource {
  return new DataSource(dataSourceOptions(url, poolSize));
}
