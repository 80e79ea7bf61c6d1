import { DataSource, type DataSourceOptions, type QueryRunner, type ReplicationMode } from 'typeorm';
import { gatewayMigrations } from '../../migrations/index.js';
import { gatewayEntities } from '../gateway/entities/index.js';
import { boundQueries, opsEntities, opsMigrations, type QueryBound } from '../ops/index.js';
import { QuietLogger } from './quiet-logger.js';

/** Where applied migrations are recorded. */
export const MIGRATIONS_TABLE = 'ops_migrations';

/**
 * TypeORM's options of the gateway database. The migrations are recorded in a table of their own, so that they
 * never mix with those of another program in the same database.
 *
 * @param url any `postgres://` URL of a PostgreSQL 14 or newer.
 * @param onPoolError told of each idle connection that breaks
 */
export function dataSourceOptions(
  url: string,
  poolSize = 10,
  onPoolError: (error: unknown) => void = () => undefined,
): DataSourceOptions {
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
    // A peer that is gone is noticed on an idle connection too.
    // And a connection outlives the ten seconds between two ticks: a new one has neither plans nor the catalogue yet.
    extra: { keepAlive: true, keepAliveInitialDelayMillis: 10_000, idleTimeoutMillis: 60_000 },
    // A broken idle connection is replaced, not a reason to crash.
    poolErrorHandler: onPoolError,
  };
}

/** A DataSource whose every query has a limit of this process's own, whoever asks. */
export class BoundDataSource extends DataSource {
  public constructor(
    options: DataSourceOptions,
    private readonly bound: QueryBound,
  ) {
    super(options);
  }

  public override createQueryRunner(mode?: ReplicationMode): QueryRunner {
    return boundQueries(super.createQueryRunner(mode), this.bound);
  }
}

export function createDataSource(url: string, poolSize?: number): DataSource {
  return new DataSource(dataSourceOptions(url, poolSize));
}
