import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/ops/common/utc.js';
import { fillAged } from '../support/aged-database.js';
import { workOf } from '../support/read/plan-work.js';
import { boundStatements } from '../support/statements/bound-statements.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const YOUNG_DAYS = 365;
const OLD_DAYS = 3_650;
/** An index of ten times the rows has a level more, which every probe goes through. */
const PAGES_AT_MOST = 1.35;
/** The index of the smallest of the tables that grow, the daily one, has 60 pages in the older database. */
const PAGES_MORE = 30;
/** PostgreSQL 15 does not always read an index for what counts a table of up to 10,000 rows, the daily one here. */
const PAGES_MORE_BEFORE_18: Readonly<Record<string, number>> = { readStatus: 400, daySettled: 36 };

const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const STATEMENTS = boundStatements(midnight);

/** No node may scan a table that grows: then the pages that a statement looks at do not depend on the age. */
describe('a statement looks at as many pages after ten years as after one', () => {
  const databases: TestDatabase[] = [];
  let version = NaN;
  beforeAll(async () => {
    for (const days of [YOUNG_DAYS, OLD_DAYS]) {
      const database = await createTestDatabase(`age_plans_${days}`);
      databases.push(database);
      await fillAged(database.dataSource, days);
      const [row] =
        await database.dataSource.query<{ server_version_num: string }[]>('SHOW server_version_num');
      version = Number(row?.server_version_num);
    }
  }, 180_000);
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.drop()));
  });

  it.each(STATEMENTS)('%s', async (name, statement) => {
    const work = [];
    for (const { dataSource } of databases) {
      work.push(await workOf(dataSource, statement));
    }
    const [young = NaN, old = NaN] = work.map(({ pages }) => pages);
    const more = (version < 180_000 ? PAGES_MORE_BEFORE_18[name] : undefined) ?? PAGES_MORE;
    expect(old).toBeLessThanOrEqual(PAGES_AT_MOST * young + more);
  });
});
