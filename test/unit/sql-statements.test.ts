import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { GIVEN } from '../support/statements/given.js';
import { RAW_TABLE_STATEMENTS } from '../support/statements/raw-table-statements.js';
import { STATEMENTS } from '../support/statements/statements.js';

const BUILDERS = { ...STATEMENTS, ...RAW_TABLE_STATEMENTS };

/** Exported by the SQL folders, but a fragment or a number and no statement. */
const NO_STATEMENT = [
  'floors',
  'floorValues',
  'liveMinutes',
  'minutesOf',
  'noteHours',
  'noteMinutes',
  'withMinutes',
  'recentRelations',
  'retentionHours',
  'bucketRelations',
  'dayColumns',
  'dimensionLevel',
  'freshnessRelation',
  'groupLevel',
  'hasRows',
  'inRange',
  'levelOf',
  'platformLevel',
  'rateRelation',
  'rawPieces',
  'rawRelations',
  'isDue',
  'requestsOf',
  'tierOf',
  'storedCounts',
  'storedPieces',
  'topKeys',
  'totalOfSet',
  'unslicedRelation',
];

describe('statement builders', () => {
  it.each(Object.entries(BUILDERS))('%s binds every value and interpolates none', (_name, build) => {
    const [one, other] = [build(GIVEN[0]), build(GIVEN[1])];
    expect(other.text).toBe(one.text);
    expect(other.values).toHaveLength(one.values.length);
    const placeholders = new Set([...one.text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    expect([...placeholders].toSorted((a, b) => a - b)).toEqual(one.values.map((_value, index) => index + 1));
  });

  it.each(Object.entries(BUILDERS))('%s binds no Date, whose text depends on the zone', (_name, build) => {
    const values = GIVEN.flatMap((given) => build(given).values).flat();
    expect(values.filter((value) => value instanceof Date)).toEqual([]);
  });

  it('are all here', async () => {
    const root = new URL('../../src/ops/', import.meta.url).pathname;
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.sql.ts'),
    );
    const exported = new Set<string>();
    for (const file of files) {
      const module = (await import(join(root, file))) as Record<string, unknown>;
      Object.keys(module)
        .filter((name) => typeof module[name] === 'function')
        .forEach((name) => exported.add(name));
    }
    const tested = new Set(Object.keys(BUILDERS).map((name) => name.replace(/ .*/, '')));
    expect([...exported].filter((name) => !tested.has(name)).toSorted()).toEqual(NO_STATEMENT.toSorted());
  });
});
