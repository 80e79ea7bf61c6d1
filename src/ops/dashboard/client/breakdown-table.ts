import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Breakdown, BreakdownBy, BreakdownItem } from '../../read/read.types.js';
import { compact, count, milliseconds, percent, slaPercent } from './format.js';
import { slaLevel } from './health.js';
import type { Host } from './host.js';
import type { Trouble } from './panel-problems.js';
import { button, cardHead, endAligned, styled } from './templates.js';

/** The platform of errors that happened before a request was routed. */
const UNROUTED = 'unknown';
/** Rows shown before somebody asks for the rest. */
const FIRST_ROWS = 10;

interface Column {
  readonly key: string;
  readonly head: string;
  readonly title?: string;
  readonly value: (item: BreakdownItem) => number | string | null;
}

interface NumberColumn extends Column {
  readonly value: (item: BreakdownItem) => number | null;
  readonly format: (value: number | null) => string;
}

const NUMBERS: readonly NumberColumn[] = [
  { key: 'requests', head: 'Requests', value: (i) => i.requestCountTotal, format: count },
  { key: 'sla', head: 'SLA', value: (i) => i.sla, format: slaPercent },
  {
    key: 'errors',
    head: 'Errors',
    title: 'Errors clients saw, of all requests',
    value: (i) => i.errorRate,
    format: percent,
  },
  {
    key: 'upstream',
    head: 'Provider',
    title: 'Provider errors, also those a retry hid, of all requests',
    value: (i) => i.upstreamErrorRate,
    format: percent,
  },
  {
    key: 'duration',
    head: 'p95',
    title: 'Duration, 95th percentile',
    value: (i) => i.duration.p95,
    format: milliseconds,
  },
  {
    key: 'ttft',
    head: 'TTFT p95',
    title: 'Time to first token, 95th percentile',
    value: (i) => i.ttft.p95,
    format: milliseconds,
  },
  { key: 'tokens', head: 'Tokens', value: (i) => Number(i.tokenConsumed), format: compact },
];

/** The name of a platform or a group, also of a group that was deleted. */
export const nameOf = (item: BreakdownItem): string =>
  item.groupId === null ? (item.platform ?? '') : (item.groupName ?? `group ${item.groupId}`);

/** A table of platforms or groups: heads sort, names filter the page. */
export class BreakdownTable {
  private readonly title: string;
  private readonly name: Column;
  private sort = { key: 'requests', descending: true };
  private all = false;

  public constructor(
    private readonly by: BreakdownBy,
    private readonly host: Host,
  ) {
    this.title = by === 'platform' ? 'Platforms' : 'Groups';
    this.name = { key: 'name', head: by === 'platform' ? 'Platform' : 'Group', value: nameOf };
  }

  public template(breakdown: Breakdown | null, { className, banner }: Trouble): TemplateResult {
    const { platform } = this.host.view;
    const { items = [], total = 0 } = breakdown ?? {};
    const sorted = this.sorted(
      items.filter((item) => this.by === 'platform' || platform === null || item.platform === platform),
    );
    // A selected row is never behind "Show all".
    const shown = sorted.filter((item, at) => this.all || at < FIRST_ROWS || this.isSelected(item));
    const most = Math.max(1, ...sorted.map(({ requestCountTotal }) => requestCountTotal));
    const toggle = (): void => {
      this.all = !this.all;
      this.host.changed();
    };
    return html`<article class="card ${className}" data-breakdown=${this.title.toLowerCase()}>
      ${banner}
      ${cardHead(this.title, total > items.length ? `the ${items.length} busiest of ${total}` : nothing)}
      <div class="scroll" tabindex="0" role="region" aria-label="${this.title}, table">
        <table class="data breakdown">
          <caption class="visually-hidden">
            ${this.title}; heads sort, names filter
          </caption>
          <thead>
            <tr>
              ${[this.name, ...NUMBERS].map((column) => this.head(column))}
            </tr>
          </thead>
          <tbody>
            ${repeat(
              shown,
              (item) => this.keyOf(item),
              (item) => this.row(item, most),
            )}
            ${
              shown.length === 0
                ? html`<tr>
                    <td colspan=${NUMBERS.length + 1} class="empty">No rows in this range.</td>
                  </tr>`
                : nothing
            }
          </tbody>
        </table>
      </div>
      ${button(this.all ? 'Show fewer' : `Show all ${sorted.length}`, toggle, { classes: 'quiet', hidden: sorted.length <= FIRST_ROWS })}
    </article>`;
  }

  private head({ key, head, title }: Column): TemplateResult {
    const active = key === this.sort.key;
    const order = !active ? 'none' : this.sort.descending ? 'descending' : 'ascending';
    const sort = (): void => {
      this.sort = { key, descending: active ? !this.sort.descending : key !== 'name' };
      this.host.changed();
    };
    return html`<th scope="col" aria-sort=${order}>${button(head, sort, { title })}</th>`;
  }

  private row(item: BreakdownItem, most: number): TemplateResult {
    const name = nameOf(item);
    const pressed = this.isSelected(item);
    const key = pressed ? null : this.keyOf(item);
    const change = this.by === 'platform' ? { platform: key, group: null } : { group: key };
    return html`<tr class=${pressed ? 'selected' : ''}>
      <th scope="row">
        ${button(name, this.host.to(change), {
          classes: 'row-filter',
          title: pressed ? 'Show everything again' : `Show only ${name}`,
          pressed,
        })}
        <span
          class="share"
          aria-hidden="true"
          ${styled('inline-size', `${(100 * item.requestCountTotal) / most}%`)}
        ></span>
      </th>
      ${NUMBERS.map(({ key, value, format }) => {
        // Errors that no platform was chosen for have no successes beside them: their SLA of 0 is no alarm.
        const level = key === 'sla' && item.platform !== UNROUTED ? `level-${slaLevel(item)}` : '';
        return html`<td class=${level} data-column=${key}>${endAligned(format(value(item)))}</td>`;
      })}
    </tr>`;
  }

  private keyOf({ platform, groupId }: BreakdownItem): string | null {
    return this.by === 'platform' ? platform : groupId;
  }

  private isSelected(item: BreakdownItem): boolean {
    return this.keyOf(item) === this.host.view[this.by];
  }

  /** Without a value always last, whichever the order. */
  private sorted(items: readonly BreakdownItem[]): BreakdownItem[] {
    const { value } = [this.name, ...NUMBERS].find(({ key }) => key === this.sort.key) ?? this.name;
    const sign = this.sort.descending ? -1 : 1;
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
