import { describe, expect, it, test } from '@jest/globals';
import {
  keyMeaning,
  keyName,
  listFilter,
  refined,
  unavailable,
} from '../../src/ops/dashboard/client/slices.js';
import { parseView, viewQuery } from '../../src/ops/dashboard/client/view.js';

const DIMENSIONS = [
  { name: 'model', withinGroups: true },
  { name: 'account', withinGroups: false },
];
const MODEL = { dimension: 'model', key: 'gpt-4o' };
const ACCOUNT = { dimension: 'account', key: '7' };

describe("the page's filters", () => {
  test.each([
    '',
    '?dimension=model&key=',
    '?platform=openai&by=error&requests=error&status=5xx&upstreamStatus=529&errorType=%28none%29',
    '?preset=7d&group=12&dimension=model&key=a%26b+%22c%22&by=model&charts=cost&requests=all&tz=local',
  ])('are in the address: %s', (query) => {
    expect(viewQuery(parseView(query))).toBe(query);
  });

  it('knows no half of a key, no other list, and no filter of a list that is closed', () => {
    expect(viewQuery(parseView('?key=x&charts=y&requests=z&status=429'))).toBe('');
  });

  it('lets the older of two filters go that do not go together', () => {
    const view = parseView('');
    const openai = { ...view, platform: 'openai' };
    expect(refined(openai, { slice: MODEL }, DIMENSIONS)).toMatchObject({ platform: 'openai', slice: MODEL });
    expect(refined(openai, { slice: ACCOUNT }, DIMENSIONS)).toMatchObject({ platform: null, slice: ACCOUNT });
    const account = { ...view, slice: ACCOUNT };
    expect(refined(account, { group: '12' }, DIMENSIONS)).toMatchObject({ group: '12', slice: null });
    expect(refined(account, { by: 'model' }, DIMENSIONS)).toMatchObject({ slice: ACCOUNT, by: 'model' });
    // Which sets are kept within groups is not known yet.
    expect(refined(openai, { slice: MODEL }, null)).toMatchObject({ platform: null, slice: MODEL });
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

  it('filters the list of requests where the list can', () => {
    const of = (dimension: string, key: string): unknown =>
      listFilter({ ...parseView(''), slice: { dimension, key } });
    expect(of('account', '7')).toEqual({ accountId: '7' });
    expect(of('api_key', '(none)')).toEqual({ apiKeyId: '(none)' });
    expect(of('model', '(other)')).toContain('cannot be listed of (other)');
    expect(of('region', 'eu')).toContain('cannot be listed by region');
  });

  it('names what has no name', () => {
    expect(['', ' ', 'a'].map(keyName)).toEqual(['(empty)', '(empty)', 'a']);
    expect(keyMeaning('model', '(none)')).toBe('Requests without a value of model');
    expect(keyMeaning('platform', '(none)')).toBeUndefined();
  });
});
