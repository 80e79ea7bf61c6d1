import { html, nothing, type TemplateResult } from 'lit-html';
import type { Breakdown, BreakdownItem } from '../../read/read.types.js';
import {
  amounts,
  capital,
  counts,
  durations,
  moneys,
  NOTHING,
  numberOf,
  percents,
  slaPercents,
  tokenRates,
} from './format.js';
import { slaLevel, type HealthLevel } from './health.js';
import type { Host } from './host.js';
import {
  chosen,
  filterBy,
  keyMeaning,
  keyName,
  known,
  nameOf,
  OTHER_KEYS,
  toggled,
  wordOf,
} from './slices.js';
import { column, measure, Table, type Column } from './table.js';
import { button, endAligned, styled, type Content } from './templates.js';
import { formatTime } from './zone.js';

/** The platform of errors that happened before a request was routed. */
const UNROUTED = 'unknown';
/** Not known of what was rolled up before it was kept; a star marks what is known in part. */
const split = ({ value, ...column }: Column<BreakdownItem>): Column<BreakdownItem> => ({
  ...column,
  value: (item) => known(item, value?.(item)),
  cell: (item, text) =>
    item.unsplit === null || text === NOTHING ? endAligned(text) : html`${text}<span class="star">*</span>`,
});

function measures(objectives: Host['objectives']): readonly Column<BreakdownItem>[] {
  const isFew = (item: BreakdownItem): boolean =>
    objectives === null || item.requestCountTotal < objectives.fewestRequests;
  // Errors that no platform was chosen for have no successes beside them: their SLA of 0 is no alarm.
  const levelOf = (item: BreakdownItem): HealthLevel =>
    item.platform === UNROUTED || objectives === null ? 'unknown' : slaLevel(item, objectives);
  return [
    measure('requests', 'Requests', (i) => i.requestCountTotal, counts, { place: 'phone' }),
    measure('share', 'Share of requests', (i) => i.share, percents),
    measure('sla', 'SLA', (i) => i.sla, slaPercents, {
      ...{ title: 'Successes among what counts for it', place: 'phone', leastFirst: true },
      ...{ last: (item) => levelOf(item) === 'unknown', classOf: (item) => `level-${levelOf(item)}` },
    }),
    measure('errors', 'Error rate', (i) => i.errorRate, percents, {
      ...{ title: 'Errors that clients saw, of all requests', last: isFew },
    }),
    measure('upstream', 'Provider error rate', (i) => i.upstreamErrorRate, percents, {
      ...{ title: 'Also those that a retry hid, of all requests', last: isFew },
    }),
    measure('duration', 'Duration p95', (i) => i.duration.p95, durations),
    measure('ttft', 'Time to first token p95', (i) => i.ttft.p95, durations),
    measure('tokens', 'Tokens', (i) => Number(i.tokenConsumed), amounts, { title: 'Of all four kinds' }),
    split(measure('cost', 'Cost', (i) => numberOf(i.actualCost), moneys, { title: 'What was charged' })),
    split(measure('hits', 'Cache hit rate', (i) => i.cacheHitRate, percents, { leastFirst: true })),
    split(measure('speed', 'Output speed p50', (i) => i.outputSpeed.p50, tokenRates, { leastFirst: true })),
  ];
}

/** A table of platforms, groups or the keys of a set: heads sort, names filter the page. */
export class BreakdownTable {
  private readonly table = new Table<BreakdownItem>();

  public constructor(private readonly host: Host) {}

  /** @param breakdown null until it is known */
  public template(by: string, breakdown: Breakdown | null): TemplateResult {
    const isSelected = ({ key }: BreakdownItem): boolean => chosen(this.host.view, by).includes(key);
    return html`${this.table.template(this.host, {
        ...{ name: `By ${wordOf(by)}`, classes: 'breakdown', sort: '-requests', atFirst: 10, csv: true },
        ...{ columns: this.columns(by, breakdown?.items ?? []), rows: breakdown?.items ?? null },
        idOf: ({ key }) => `${by} ${key}`,
        classOf: (item) => (isSelected(item) ? 'selected' : ''),
        always: isSelected,
      })}
      <p class="note reading">${breakdown && this.notes(by, breakdown)}</p>`;
  }

  private columns(by: string, items: readonly BreakdownItem[]): readonly Column<BreakdownItem>[] {
    const most = Math.max(1, ...items.map(({ requestCountTotal }) => requestCountTotal));
    const list = (item: BreakdownItem): Content =>
      item.key === OTHER_KEYS
        ? nothing
        : button('List', this.host.to({ ...filterBy(by, [item.key]), requests: { kind: 'all' } }), {
            classes: 'row-filter',
            label: `List the requests of ${nameOf(item)}`,
          });
    return [
      column('name', capital(wordOf(by)), {
        value: nameOf,
        leastFirst: true,
        cell: (item) => this.name(by, item, item.requestCountTotal / most),
      }),
      column('key', 'Key', { place: 'file', value: ({ key }) => key }),
      ...measures(this.host.objectives),
      column('list', 'One by one', { cell: list }),
    ];
  }

  /** Shows that alone, or, with Shift, Ctrl or the command key, that too. */
  private name(by: string, item: BreakdownItem, share: number): TemplateResult {
    const { view, go } = this.host;
    const [name, keys] = [nameOf(item), chosen(view, by)];
    const filter = ({ shiftKey, ctrlKey, metaKey }: MouseEvent): void => {
      go(filterBy(by, toggled(keys, item.key, shiftKey || ctrlKey || metaKey)));
    };
    const selected = keys.includes(item.key);
    const what = keyMeaning(by, item.key) ?? (item.label === null ? name : `${name} (${keyName(item.key)})`);
    const alone = selected && keys.length === 1 ? 'Show everything again' : 'Show only this';
    const title = `${what}. ${alone}; with Shift: ${selected ? 'without it' : 'this too'}`;
    return html`${button(html`<span class="long">${name}</span>`, filter, { classes: 'row-filter', title, pressed: selected })}
      <span class="share" aria-hidden="true" ${styled('inline-size', `${100 * share}%`)}></span>`;
  }

  private notes(by: string, { items, total }: Breakdown): string {
    const { view, objectives } = this.host;
    const times = items.flatMap(({ unsplit }) => (unsplit ? [unsplit.from, unsplit.to] : [])).sort();
    const [from, to] = [times[0], times.at(-1)];
    const at = (time: string): string => formatTime(time, view.zone, 'full');
    const sorting = measures(objectives).find(({ key }) => key === view.sort.replace(/^-/, ''));
    const meanings = items.map(({ key }) => {
      const meaning = keyMeaning(by, key);
      return meaning && `${keyName(key)}: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1)}.`;
    });
    const notes = [
      total > items.length && `The ${items.length} busiest of ${total}.`,
      chosen(view, by).length > 0 && 'All are listed: the marked rows are the filter.',
      items.some((item) => sorting?.last?.(item)) &&
        `Rows that are not judged, such as those of fewer than ${objectives?.fewestRequests} requests, follow the others.`,
      ...meanings,
      from && to && `* Not known from ${at(from)} to ${at(to)}, which was rolled up before it was kept.`,
    ];
    return notes.filter(Boolean).join(' ');
  }
}
