import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Breakdown, BreakdownItem } from '../../read/read.types.js';
import {
  capital,
  compact,
  count,
  milliseconds,
  money,
  NOTHING,
  percent,
  slaPercent,
  tokenRate,
} from './format.js';
import { slaLevel } from './health.js';
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
import { button, endAligned, styled } from './templates.js';
import { formatTime } from './zone.js';

/** The platform of errors that happened before a request was routed. */
const UNROUTED = 'unknown';
/** Rows shown before somebody asks for the rest. */
const FIRST_ROWS = 10;

interface Column {
  readonly key: string;
  readonly head: string;
  readonly title: string;
  readonly value: (item: BreakdownItem) => number | null;
  readonly format: (value: number | null) => string;
  /** Of part of the range where that is all that is known. */
  readonly split: boolean;
}

const column = (
  key: string,
  head: string,
  title: string,
  value: Column['value'],
  format: Column['format'],
  split = false,
): Column => ({ key, head, title, value, format, split });

const cost = (i: BreakdownItem): number | null => (i.actualCost === null ? null : Number(i.actualCost));
const NUMBERS: readonly Column[] = [
  column('requests', 'Requests', 'Requests, errors included', (i) => i.requestCountTotal, count),
  column('share', 'Share', 'Of all requests', (i) => i.share, percent),
  column('sla', 'SLA', 'Successes among what counts for the SLA', (i) => i.sla, slaPercent),
  column('errors', 'Errors', 'Errors clients saw, of all requests', (i) => i.errorRate, percent),
  column(
    'upstream',
    'Provider',
    'Provider errors, also those a retry hid, of all requests',
    (i) => i.upstreamErrorRate,
    percent,
  ),
  column('duration', 'p95', 'Duration, 95th percentile', (i) => i.duration.p95, milliseconds),
  column('ttft', 'TTFT p95', 'Time to first token, 95th percentile', (i) => i.ttft.p95, milliseconds),
  column('tokens', 'Tokens', 'Tokens of all four kinds', (i) => Number(i.tokenConsumed), compact),
  column('cost', 'Cost', 'What was charged', cost, (value) => money(value), true),
  column('hits', 'Cache hits', 'Input that came from a cache', (i) => i.cacheHitRate, percent, true),
  column(
    'speed',
    'Speed',
    'Output tokens per second of generation, median',
    (i) => i.outputSpeed.p50,
    tokenRate,
    true,
  ),
];

/** A table of platforms, groups or the keys of a set: heads sort, names filter the page. */
export class BreakdownTable {
  private sort = { key: 'requests', descending: true };
  private all = false;

  public constructor(private readonly host: Host) {}

  public template(breakdown: Breakdown): TemplateResult {
    const { by, items } = breakdown;
    const rows = this.sorted(items);
    // A selected row is never behind "Show all".
    const shown = rows.filter((item, at) => this.all || at < FIRST_ROWS || this.isSelected(by, item));
    const most = Math.max(1, ...rows.map(({ requestCountTotal }) => requestCountTotal));
    const toggle = (): void => {
      this.all = !this.all;
      this.host.changed();
    };
    const name = `By ${wordOf(by)}`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}, table">
        <table class="data breakdown">
          <caption class="visually-hidden">
            ${name}; heads sort, names filter
          </caption>
          <thead>
            <tr>
              ${this.head('name', capital(wordOf(by)), 'Name')}
              ${NUMBERS.map(({ key, head, title }) => this.head(key, head, title))}
              <th scope="col"><span class="visually-hidden">Requests one by one</span></th>
            </tr>
          </thead>
          <tbody>
            ${repeat(
              shown,
              ({ key }) => `${by} ${key}`,
              (item) => this.row(by, item, most),
            )}
          </tbody>
        </table>
      </div>
      <p class="note reading">${this.notes(breakdown, rows).join(' ')}</p>
      ${button(this.all ? 'Show fewer' : `Show all ${rows.length}`, toggle, {
        classes: 'quiet',
        hidden: rows.length <= FIRST_ROWS,
      })}`;
  }

  private head(key: string, head: string, title: string): TemplateResult {
    const active = key === this.sort.key;
    const order = !active ? 'none' : this.sort.descending ? 'descending' : 'ascending';
    const sort = (): void => {
      this.sort = { key, descending: active ? !this.sort.descending : key !== 'name' };
      this.host.changed();
    };
    return html`<th scope="col" aria-sort=${order}>${button(head, sort, { title })}</th>`;
  }

  private row(by: string, item: BreakdownItem, most: number): TemplateResult {
    const { view, go } = this.host;
    const [name, selected, change] = [nameOf(item), this.isSelected(by, item), filterBy(by, [item.key])];
    const filter = (event: MouseEvent): void => {
      go(filterBy(by, toggled(chosen(view, by), item.key, event.shiftKey)));
    };
    const list = this.host.to({ ...change, requests: { kind: 'all' } });
    const what = keyMeaning(by, item.key) ?? (item.label === null ? name : `${name} (${keyName(item.key)})`);
    return html`<tr class=${selected ? 'selected' : ''}>
      <th scope="row">
        ${button(name, filter, {
          classes: 'row-filter',
          title: selected ? `${what}. Show everything again` : `${what}. Show only this`,
          pressed: selected,
        })}
        <span
          class="share"
          aria-hidden="true"
          ${styled('inline-size', `${(100 * item.requestCountTotal) / most}%`)}
        ></span>
      </th>
      ${NUMBERS.map((one) => this.cell(one, item))}
      <td>
        ${
          item.key === OTHER_KEYS
            ? nothing
            : button('List', list, { classes: 'row-filter', label: `List the requests of ${name}` })
        }
      </td>
    </tr>`;
  }

  private cell({ key, value, format, split }: Column, item: BreakdownItem): TemplateResult {
    // Errors that no platform was chosen for have no successes beside them: their SLA of 0 is no alarm.
    const { objectives } = this.host;
    const judged = key === 'sla' && item.platform !== UNROUTED && objectives !== null;
    const level = judged ? `level-${slaLevel(item, objectives)}` : '';
    const partly = split && item.unsplit !== null;
    const text = format(split ? known(item, value(item)) : value(item));
    return html`<td class=${level} data-column=${key}>
      ${endAligned(partly && text !== NOTHING ? `${text}*` : text)}
    </td>`;
  }

  private notes({ by, items, total }: Breakdown, rows: readonly BreakdownItem[]): string[] {
    const unsplit = items.flatMap((item) => item.unsplit ?? []);
    const [from, to] = [
      unsplit.map((part) => part.from).sort()[0],
      unsplit
        .map((part) => part.to)
        .sort()
        .at(-1),
    ];
    const at = (time: string): string => formatTime(time, this.host.view.zone, 'full');
    return [
      ...(rows.length === 0 ? ['No rows in this range.'] : []),
      ...(total > items.length ? [`The ${items.length} busiest of ${total}.`] : []),
      ...(rows.some((item) => this.isSelected(by, item))
        ? ['All are listed: the marked row is the filter.']
        : []),
      ...(from !== undefined && to !== undefined
        ? [
            `* Of part of the range: not known from ${at(from)} to ${at(to)}, which was rolled up before it was kept.`,
          ]
        : []),
    ];
  }

  private isSelected(by: string, { key }: BreakdownItem): boolean {
    return chosen(this.host.view, by).includes(key);
  }

  /** Without a value always last, whichever the order. */
  private sorted(items: readonly BreakdownItem[]): BreakdownItem[] {
    const { key, descending } = this.sort;
    const value = NUMBERS.find((one) => one.key === key)?.value ?? nameOf;
    const sign = descending ? -1 : 1;
    return items.toSorted((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) {
        return Number(x === null) - Number(y === null);
      }
      return (
        sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)))
      );
    });
  }
}
