import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import type { Environment } from '../config/environment.js';
import { errorText } from '../ops/index.js';
import { onForcedExit, shutdownStep } from '../server/shutdown.js';
import { closeDataSource } from './close-data-source.js';
import { connect } from './connect.js';
import { BoundDataSource, dataSourceOptions } from './data-source.js';
import { migrate, pendingMigrations } from './migrate.js';
import { openDatabase, type OpenedDatabase } from './open-database.js';

export const OPENED_DATABASE = Symbol('OPENED_DATABASE');

/** What becomes of pending migrations when the application starts; a command decides for itself. */
type PendingMigrations = 'apply' | 'warn' | 'leave';

const PENDING_MIGRATIONS = Symbol('PENDING_MIGRATIONS');

/** Only provides the opened database, so that TypeOrmModule can import it without a circle. */
@Module({})
class OpenedDatabaseModule {}

/** The gateway's database: opened, connected, migrated where wanted; closed after everything else. */
@Module({})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Database');

  public constructor(
    @Inject(OPENED_DATABASE) private readonly database: OpenedDatabase,
    @Inject(PENDING_MIGRATIONS) private readonly pending: PendingMigrations,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @param overrides pendingMigrations goes before OPS_MIGRATE_AT_START */
  public static register(
    environment: Environment,
    overrides: { pendingMigrations?: PendingMigrations } = {},
  ): DynamicModule {
    const logger = new Logger('Database');
    const opened: DynamicModule = {
      module: OpenedDatabaseModule,
      providers: [
        {
          provide: OPENED_DATABASE,
          useFactory: async () => {
            const database = await openDatabase({
              databaseUrl: environment.DATABASE_URL,
              dataDir: environment.OPS_DATA_DIR,
              log: (line) => {
                logger.log(line);
              },
            });
            onForcedExit(() => database.stop());
            return database;
          },
        },
      ],
      exports: [OPENED_DATABASE],
    };
    return {
      module: DatabaseModule,
      imports: [
        opened,
        TypeOrmModule.forRootAsync({
          imports: [opened],
          inject: [OPENED_DATABASE],
          useFactory: ({ url }: OpenedDatabase) => ({
            ...dataSourceOptions(url, environment.DATABASE_POOL_SIZE, (error) => {
              logger.warn(`An idle connection was lost, and is replaced when needed: ${errorText(error)}`);
            }),
            // Whoever starts the app is told at once, by the error itself.
            toRetry: () => false,
          }),
          dataSourceFactory: (options?: DataSourceOptions) => connectBound(environment, options),
        }),
      ],
      providers: [
        {
          provide: PENDING_MIGRATIONS,
          inject: [OPENED_DATABASE],
          useFactory: ({ kind }: OpenedDatabase): PendingMigrations =>
            overrides.pendingMigrations ??
            ((environment.OPS_MIGRATE_AT_START ?? kind === 'embedded') ? 'apply' : 'warn'),
        },
      ],
      exports: [opened],
    };
  }

  public async onModuleInit(): Promise<void> {
    if (this.pending === 'apply') {
      const applied = await migrate(this.dataSource);
      if (applied.length > 0) {
        this.logger.log(`Applied ${applied.length} migrations`);
      }
    } else if (this.pending === 'warn') {
      const pending = await pendingMigrations(this.dataSource);
      if (pending.length > 0) {
        this.logger.warn(`Migrations are pending (${pending.join(', ')}): run \`npm run ops -- migrate\``);
      }
    }
  }

  /** Closes the pool itself: TypeORM's own hook runs later than this one, and then finds it closed. */
  public async onApplicationShutdown(): Promise<void> {
    await shutdownStep('the connection pool', closeDataSource(this.dataSource));
    await shutdownStep('the embedded PostgreSQL', this.database.stop());
  }
}

/** Longest wait for a statement in this process, above what the server is told. */
const QUERY_GRACE_MS = 10_000;

async function connectBound(environment: Environment, options?: DataSourceOptions): Promise<DataSource> {
  if (options === undefined) {
    throw new Error('TypeOrmModule gave no options.');
  }
  const bound = { limitMs: environment.options.statementTimeoutMs + QUERY_GRACE_MS };
  const logger = new Logger('Database');
  return connect(
    () => new BoundDataSource(options, bound),
    (line) => {
      logger.warn(line);
    },
  );
}
