import { describe, expect, it, test } from '@jest/globals';
import {
  chosen,
  filterBy,
  keyMeaning,
  keyName,
  listFilter,
  refined,
  toggled,
  unavailable,
} from '../../src/ops/dashboard/client/slices.js';
import { parseView, viewQuery } from '../../src/ops/dashboard/client/view.js';

const DIMENSIONS = [
  { name: 'model', withinGroups: true },
  { name: 'account', withinGroups: false },
];
const MODEL = { dimension: 'model', keys: ['gpt-4o'] };
const ACCOUNT = { dimension: 'account', keys: ['7'] };

describe("the page's filters", () => {
  test.each([
    '',
    '?page=operations',
    '?dimension=model&key=',
    '?dimension=model&key=a&key=b&by=model&sort=sla',
    '?platform=openai&platform=azure&by=error&requests=error&status=5xx&upstreamStatus=529&errorType=%28none%29',
    '?preset=7d&group=12&group=13&dimension=model&key=a%26b+%22c%22&charts=cost&split=model&only=a&compare=week&by=model&requests=all&tz=local',
  ])('are in the address: %s', (query) => {
    expect(viewQuery(parseView(query))).toBe(query);
  });

  it('knows no half of a key, no other list, no group that is no id, and no filter of a list that is closed', () => {
    expect(viewQuery(parseView('?key=x&group=x&charts=y&requests=z&status=429&page=q&compare=r'))).toBe('');
  });

  it('lets the older of two filters go that do not go together', () => {
    const view = parseView('');
    const openai = { ...view, platforms: ['openai'] };
    expect(refined(openai, { slice: MODEL }, DIMENSIONS)).toMatchObject({
      platforms: ['openai'],
      slice: MODEL,
    });
    expect(refined(openai, { slice: ACCOUNT }, DIMENSIONS)).toMatchObject({ platforms: [], slice: ACCOUNT });
    const account = { ...view, slice: ACCOUNT };
    expect(refined(account, { groups: ['12'] }, DIMENSIONS)).toMatchObject({ groups: ['12'], slice: null });
    expect(refined(account, { by: 'model' }, DIMENSIONS)).toMatchObject({ slice: ACCOUNT, by: 'model' });
    // Which sets are kept within groups is not known yet.
    expect(refined(openai, { slice: MODEL }, null)).toMatchObject({ platforms: [], slice: MODEL });
  });

  test.each([
    ['?by=model&platform=openai', null],
    ['?by=account&platform=openai', 'not within a platform or a group'],
    ['?by=error&group=12', 'not within a platform or a group'],
    ['?by=group&platform=openai', null],
    ['?by=model&dimension=model&key=x', null],
    ['?by=account&dimension=model&key=x', 'Numbers by account are not kept of one model alone'],
    ['?dimension=model&key=x', 'Numbers by platform are not kept of one model alone'],
  ])('%s: numbers, or why there are none', (query, why) => {
    const said = unavailable({ view: parseView(query), dimensions: DIMENSIONS });
    expect(said === null ? null : said.includes(why ?? '?')).toBe(why === null ? null : true);
  });

  test.each([
    ['alone', [], 'a', false, ['a']],
    ['instead of others', ['b', 'c'], 'a', false, ['a']],
    ['alone among others', ['a', 'b'], 'a', false, ['a']],
    ['and again: everything', ['a'], 'a', false, []],
    ['too', ['b'], 'a', true, ['b', 'a']],
    ['and no more', ['b', 'a'], 'a', true, ['b']],
  ])('a row that is chosen %s', (_, keys, key, withOthers, expected) => {
    expect(toggled(keys, key, withOthers)).toEqual(expected);
  });

  test.each([
    ['platform', { platforms: ['a', 'b'], groups: [] }],
    ['group', { groups: ['a', 'b'] }],
    ['model', { slice: { dimension: 'model', keys: ['a', 'b'] } }],
  ])('of a %s are changed and read the same way', (by, change) => {
    expect(filterBy(by, ['a', 'b'])).toEqual(change);
    expect(chosen({ ...parseView(''), ...change }, by)).toEqual(['a', 'b']);
    expect(chosen({ ...parseView(''), ...filterBy(by, []) }, by)).toEqual([]);
  });

  it('filters the list of requests where the list can', () => {
    const of = (dimension: string, ...keys: string[]): unknown =>
      listFilter({ ...parseView(''), slice: { dimension, keys } });
    expect(of('account', '7', '8')).toEqual({ accountId: ['7', '8'] });
    expect(of('api_key', '(none)')).toEqual({ apiKeyId: ['(none)'] });
    expect(of('model', 'a', '(other)')).toContain('cannot be listed of (other)');
    expect(of('region', 'eu')).toContain('cannot be listed by region');
  });

  it('names what has no name', () => {
    expect(['', ' ', 'a'].map(keyName)).toEqual(['(empty)', '(empty)', 'a']);
    expect(keyMeaning('model', '(none)')).toBe('Requests without a value of model');
    expect(keyMeaning('platform', '(none)')).toBeUndefined();
  });
});
