import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import type { Environment } from '../config/environment.js';
import { dataSourceOptions } from './data-source.js';
import { migrate, pendingMigrations } from './migrate.js';
import { openDatabase, type OpenedDatabase } from './open-database.js';

export const OPENED_DATABASE = Symbol('OPENED_DATABASE');

/** Whether pending migrations are applied when the application starts. */
const MIGRATE_AT_START = Symbol('MIGRATE_AT_START');

/** Only provides the opened database, so that TypeOrmModule can import it without a circle. */
@Module({})
class OpenedDatabaseModule {}

/** The gateway's database: opened, connected, migrated where wanted; closed after everything else. */
@Module({})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Database');

  public constructor(
    @Inject(OPENED_DATABASE) private readonly database: OpenedDatabase,
    @Inject(MIGRATE_AT_START) private readonly migrateAtStart: boolean,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @param overrides migrateAtStart goes before OPS_MIGRATE_AT_START */
  public static register(
    environment: Environment,
    overrides: { migrateAtStart?: boolean } = {},
  ): DynamicModule {
    const opened: DynamicModule = {
      module: OpenedDatabaseModule,
      providers: [
        {
          provide: OPENED_DATABASE,
          useFactory: () => {
            const logger = new Logger('Database');
            return openDatabase({
              databaseUrl: environment.DATABASE_URL,
              dataDir: environment.OPS_DATA_DIR,
              log: (line) => {
                logger.log(line);
              },
            });
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
            ...dataSourceOptions(url, environment.DATABASE_POOL_SIZE),
            retryAttempts: 1,
            verboseRetryLog: false,
          }),
        }),
      ],
      providers: [
        {
          provide: MIGRATE_AT_START,
          inject: [OPENED_DATABASE],
          useFactory: ({ kind }: OpenedDatabase) =>
            overrides.migrateAtStart ?? environment.OPS_MIGRATE_AT_START ?? kind === 'embedded',
        },
      ],
      exports: [opened, MIGRATE_AT_START],
    };
  }

  public async onModuleInit(): Promise<void> {
    if (this.migrateAtStart) {
      const applied = await migrate(this.dataSource);
      if (applied.length > 0) {
        this.logger.log(`Applied ${applied.length} migrations`);
      }
    } else {
      const pending = await pendingMigrations(this.dataSource);
      if (pending.length > 0) {
        this.logger.warn(`Migrations are pending (${pending.join(', ')}): run \`npm run ops -- migrate\``);
      }
    }
  }

  /** Runs after TypeORM, a global module, has closed the pool. */
  public async onApplicationShutdown(): Promise<void> {
    await this.database.stop();
  }
}
