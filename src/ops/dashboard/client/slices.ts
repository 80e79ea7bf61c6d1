import type { BreakdownItem, Freshness, Measures } from '../../read/read.types.js';
import { count } from './format.js';
import type { Host } from './host.js';
import { NO_FILTERS, type View } from './view.js';
import { formatTime, zoneName, type Zone } from './zone.js';

const NO_KEY = '(none)';
export const OTHER_KEYS = '(other)';

/** Filters of the list of requests, by the set that they are of; the list knows no others. */
const LISTED: Readonly<Record<string, string>> = {
  model: 'model',
  account: 'accountId',
  api_key: 'apiKeyId',
  user: 'userId',
};

/** Whether it is a set of keys, and no level. */
export const isSet = (by: string): boolean => by !== 'platform' && by !== 'group';

/** The sets by their names; those of the option's default until the server has said so, so that little moves when it has. */
export const setNames = (dimensions: Host['dimensions']): readonly string[] =>
  dimensions?.map(({ name }) => name) ?? ['model', 'account'];

/** A set, or what else is broken down by, for people: api_key is an API key. */
export const wordOf = (by: string): string =>
  by === 'api_key' ? 'API key' : by === 'error' ? 'kind of error' : by.replaceAll('_', ' ');

/** What a row is called: also a group that was deleted, and what is empty. */
export const nameOf = ({ key, label, groupId }: BreakdownItem): string =>
  label !== null && label.trim() !== '' ? label : groupId === null ? keyName(key) : `group ${groupId}`;

export const keyName = (key: string): string => (key.trim() === '' ? '(empty)' : key);

/** What a key stands for that is none; undefined for one that is. */
export function keyMeaning(by: string, key: string): string | undefined {
  if (!isSet(by)) {
    return undefined;
  }
  return {
    [NO_KEY]: `Requests without a value of ${wordOf(by)}`,
    [OTHER_KEYS]: `All the others together: those that were not among the busiest of their hour or day, which are kept by name`,
    '': `The ${wordOf(by)} is an empty text`,
  }[key];
}

/** The view with other filters: a filter that does not go with a new one makes way for it. */
export function refined(view: View, change: Partial<View>, dimensions: Host['dimensions']): View {
  const next = { ...view, ...change };
  if (next.slice === null || !isNarrowed(next) || isWithin(next.slice.dimension, dimensions)) {
    return next;
  }
  return (change.platforms ?? []).length + (change.groups ?? []).length > 0
    ? { ...next, slice: null }
    : { ...next, ...NO_FILTERS, slice: next.slice };
}

const isNarrowed = ({ platforms, groups }: View): boolean => platforms.length + groups.length > 0;

const isWithin = (name: string, dimensions: Host['dimensions']): boolean =>
  dimensions?.some((set) => set.name === name && set.withinGroups) === true;

/** Why there are no numbers by that under these filters, for people; null where there are. */
export function unavailable(
  { view, dimensions }: Pick<Host, 'view' | 'dimensions'>,
  by = view.by,
): string | null {
  const { slice } = view;
  if (slice !== null && slice.dimension !== by) {
    return `Numbers by ${wordOf(by)} are not kept of one ${wordOf(slice.dimension)} alone.`;
  }
  if (!isSet(by) || !isNarrowed(view)) {
    return null;
  }
  return by === 'error' || (dimensions !== null && !isWithin(by, dimensions))
    ? `Numbers by ${wordOf(by)} are kept of all requests together, and not within a platform or a group.`
    : null;
}

/** The filter of the list of requests for the page's keys; or why there is none. */
export function listFilter({ slice }: View): Readonly<Record<string, readonly string[]>> | string {
  if (slice === null) {
    return {};
  }
  const name = LISTED[slice.dimension];
  if (slice.keys.includes(OTHER_KEYS)) {
    return `Requests cannot be listed of ${OTHER_KEYS}: it is many keys, other ones in every hour.`;
  }
  return name === undefined
    ? `Requests cannot be listed by ${wordOf(slice.dimension)}: the list has no such filter.`
    : { [name]: slice.keys };
}

/** What the page is filtered for by that: platforms, ids of groups, or keys of the set. */
export function chosen({ platforms, groups, slice }: View, by: string): readonly string[] {
  return by === 'platform' ? platforms : by === 'group' ? groups : slice?.dimension === by ? slice.keys : [];
}

/** The change that filters for these instead; none of them is no filter. */
export const filterBy = (by: string, keys: readonly string[]): Partial<View> =>
  by === 'platform'
    ? { platforms: keys, groups: [] }
    : by === 'group'
      ? { groups: keys }
      : { slice: keys.length === 0 ? null : { dimension: by, keys } };

/** The keys with that one alone, or, where others are to stay, with it or without it. */
export function toggled(keys: readonly string[], key: string, withOthers: boolean): readonly string[] {
  const has = keys.includes(key);
  const others = withOthers ? keys.filter((one) => one !== key) : [];
  return has && (withOthers || keys.length === 1) ? others : [...others, key];
}

const spanOf = ({ from, to }: { readonly from: string; readonly to: string }, zone: Zone): string =>
  `${formatTime(from, zone, 'full')} to ${formatTime(to, zone, 'full')} (${zoneName(zone)})`;

/** From when to when the costs are not known, and how much that is; null where they are. */
export const unsplitNote = ({ unsplit }: Measures, zone: Zone): string | null =>
  unsplit &&
  `Cost, tokens by kind, cache hits and output speed are of part of this range only: not known of ` +
    `${count(unsplit.successCount)} requests from ${spanOf(unsplit, zone)}, which were rolled up before they were kept.`;

/** What of the range is in no row of the set; null where nothing is. */
export const unslicedNote = ({ unsliced }: Freshness, by: string, zone: Zone): string | null =>
  unsliced &&
  `Not in these numbers: ${count(unsliced.requests)} requests from ${spanOf(unsliced, zone)}, of which nothing was kept by ${wordOf(by)}.`;

/** A measure that is a sum over what is known: null where that is nothing. */
export const known = <T>(measures: Measures, value: T): T | null =>
  measures.unsplit !== null && measures.unsplit.successCount >= measures.successCount ? null : value;
