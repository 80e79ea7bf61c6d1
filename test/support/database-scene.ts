import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { connect } from './refresh-scene.js';
import { hoursAgo } from './rollup-check.js';
import { createCitusDatabase, isEverythingOnCitus } from './citus.js';
import { distribute } from './citus-layouts.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** Of the hooks: a test that hangs is ended by its own, shorter limit. */
const HOOK_MS = 300_000;

export interface DatabaseSettings {
  /** Whether all tests of the file share the database, or each has its own, because it changes tables. */
  readonly each?: 'file' | 'test';
  /** Where the database comes from, if it is not a migrated one on the server of the run. */
  readonly create?: () => Promise<TestDatabase>;
  /** Changes the database before anything else connects to it. */
  readonly prepare?: (dataSource: DataSource) => Promise<unknown>;
}

/**
 * What the tests of one file stand on: a database, and whatever they connect or start. Made with `new` in the file or in
 * a `describe`, it registers the hooks that make it, put it back before each test, and end it.
 */
export class DatabaseScene {
  private database: TestDatabase | undefined;
  private inTest = false;
  private readonly ends = { test: [] as (() => unknown)[], file: [] as (() => unknown)[] };

  public constructor(
    private readonly label: string,
    private readonly settings: DatabaseSettings = {},
  ) {
    const [begin, end] = settings.each === 'test' ? [beforeEach, afterEach] : [beforeAll, afterAll];
    begin(() => this.open(), HOOK_MS);
    beforeEach(() => {
      this.inTest = true;
      return this.reset();
    }, HOOK_MS);
    afterEach(async () => {
      await this.run(this.ends.test);
      this.inTest = false;
    }, HOOK_MS);
    end(async () => {
      await this.run(this.ends.file);
      await this.database?.drop();
    }, HOOK_MS);
  }

  public get url(): string {
    return this.opened.url;
  }

  public get dataSource(): DataSource {
    return this.opened.dataSource;
  }

  /** Does something after the running test, or, outside of tests, at the end of the file; what came last goes first. */
  public defer(end: () => unknown): void {
    this.ends[this.inTest ? 'test' : 'file'].push(end);
  }

  /** Rows of a statement. Dates are given as instants in UTC, for parameters of any type. */
  public async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const given = values.map((value) => (value instanceof Date ? value.toISOString() : value));
    return this.dataSource.query<Row[]>(text, given);
  }

  /** A connection of its own, until the test ends: what a writer holds open, or a migration. */
  public async connect(url = this.url): Promise<pg.Client> {
    const client = await connect(url);
    this.defer(() => client.end());
    return client;
  }

  /** A connection in a transaction that has begun with the given statements. */
  public async begin(statements = ''): Promise<pg.Client> {
    const client = await this.connect();
    await client.query(`BEGIN; ${statements}`);
    return client;
  }

  /** `hours` back from the start of the running UTC hour of the database. */
  public readonly ago = (hours: number): Promise<Date> => hoursAgo(this.dataSource, hours);

  /** So many sessions of this database wait for a lock. */
  public async waiting(): Promise<number> {
    const [row] = await this.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
        WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`,
    );
    return row?.waiting ?? 0;
  }

  protected async open(): Promise<void> {
    const { create = () => createMigrated(this.label), prepare } = this.settings;
    this.database = await create();
    await prepare?.(this.database.dataSource);
  }

  /** Before each test. */
  public reset(): Promise<void> {
    return Promise.resolve();
  }

  private get opened(): TestDatabase {
    if (this.database === undefined) throw new Error(`${this.label} is used before its hooks have run`);
    return this.database;
  }

  private async run(ends: (() => unknown)[]): Promise<void> {
    for (const end of ends.splice(0).toReversed()) await end();
  }
}

const createMigrated = (label: string): Promise<TestDatabase> =>
  isEverythingOnCitus ? createCitusDatabase(label, distribute) : createTestDatabase(label);
