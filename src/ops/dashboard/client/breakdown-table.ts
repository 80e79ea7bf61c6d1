import type { Breakdown, BreakdownItem } from '../../read/read.types.js';
import { button, el } from './dom.js';
import { compact, count, milliseconds, percent, slaPercent } from './format.js';
import { slaLevel } from './health.js';

/** The platform of errors that happened before a request was routed. */
const UNROUTED = 'unknown';
/** Rows shown before somebody asks for the rest. */
const FIRST_ROWS = 10;

interface Column {
  readonly key: string;
  readonly head: string;
  readonly title?: string;
  readonly value: (item: BreakdownItem) => number | string | null;
  readonly format: (value: number | null) => string;
}

const NUMBERS: readonly Column[] = [
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
  public readonly element: HTMLElement;
  private readonly table = el('table', { class: 'data breakdown' });
  private readonly more: HTMLButtonElement;
  private readonly note = el('span', { class: 'note' });
  private readonly name: Column;
  private sort = { key: 'requests', descending: true };
  private all = false;
  private items: readonly BreakdownItem[] = [];
  private selected: string | null = null;

  /** @param onSelect with the key of an item, or null where the selected one was chosen again */
  public constructor(
    private readonly title: string,
    private readonly keyOf: (item: BreakdownItem) => string | null,
    private readonly onSelect: (item: BreakdownItem | null) => void,
  ) {
    this.name = { key: 'name', head: title.replace(/s$/, ''), value: nameOf, format: String };
    this.more = button('', { class: 'quiet' }, () => {
      this.all = !this.all;
      this.render();
    });
    this.element = el(
      'article',
      { class: 'card', 'data-breakdown': title.toLowerCase() },
      el('header', {}, el('h3', {}, title), this.note),
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `${title}, table` },
        this.table,
      ),
      this.more,
    );
  }

  /** @param platform of the groups to show, or null for all */
  public update(breakdown: Breakdown, selected: string | null, platform: string | null = null): void {
    this.items = breakdown.items.filter((item) => platform === null || item.platform === platform);
    this.selected = selected;
    const missing = breakdown.total - breakdown.items.length;
    this.note.textContent = missing > 0 ? `the ${breakdown.items.length} busiest of ${breakdown.total}` : '';
    this.render();
  }

  private render(): void {
    const focused = this.table.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-focus')
      : null;
    const sorted = this.sorted();
    const shown = this.all ? sorted : sorted.slice(0, FIRST_ROWS);
    // A selected row is never behind "Show all".
    const chosen = sorted.find((item) => this.keyOf(item) === this.selected);
    if (chosen !== undefined && !shown.includes(chosen)) {
      shown.push(chosen);
    }
    const most = Math.max(1, ...this.items.map(({ requestCountTotal }) => requestCountTotal));
    this.table.replaceChildren(
      el('caption', { class: 'visually-hidden' }, `${this.title}; heads sort, names filter`),
      el('thead', {}, el('tr', {}, ...[this.name, ...NUMBERS].map((column) => this.head(column)))),
      el('tbody', {}, ...shown.map((item) => this.row(item, most))),
    );
    if (shown.length === 0) {
      const cell = el('td', { colspan: NUMBERS.length + 1, class: 'empty' }, 'No rows in this range.');
      this.table.tBodies[0]?.append(el('tr', {}, cell));
    }
    this.more.hidden = sorted.length <= FIRST_ROWS;
    this.more.textContent = this.all ? 'Show fewer' : `Show all ${sorted.length}`;
    if (focused != null) {
      this.table.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  private head(column: Column): HTMLElement {
    const active = column.key === this.sort.key;
    const order = !active ? 'none' : this.sort.descending ? 'descending' : 'ascending';
    return el(
      'th',
      { scope: 'col', 'aria-sort': order },
      button(column.head, { 'data-focus': `head ${column.key}`, title: column.title }, () => {
        this.sort = { key: column.key, descending: active ? !this.sort.descending : column.key !== 'name' };
        this.render();
      }),
    );
  }

  private row(item: BreakdownItem, most: number): HTMLElement {
    const key = this.keyOf(item);
    const pressed = key === this.selected;
    const filter = button(
      nameOf(item),
      {
        class: 'row-filter',
        'aria-pressed': String(pressed),
        'data-focus': `row ${key ?? ''}`,
        title: pressed ? 'Show everything again' : `Show only ${nameOf(item)}`,
      },
      () => {
        this.onSelect(pressed ? null : item);
      },
    );
    const share = el('span', { class: 'share', 'aria-hidden': 'true' });
    share.style.inlineSize = `${(100 * item.requestCountTotal) / most}%`;
    return el(
      'tr',
      { 'data-key': key, class: pressed ? 'selected' : null },
      el('th', { scope: 'row' }, filter, share),
      ...NUMBERS.map((column) => {
        const value = column.value(item);
        // Errors that no platform was chosen for have no successes beside them: their SLA of 0 is no alarm.
        const level = column.key === 'sla' && item.platform !== UNROUTED ? slaLevel(item) : null;
        return el(
          'td',
          { 'data-column': column.key, class: level === null ? null : `level-${level}` },
          column.format(typeof value === 'number' ? value : null),
        );
      }),
    );
  }

  /** Without a value always last, whichever the order. */
  private sorted(): BreakdownItem[] {
    const column = [this.name, ...NUMBERS].find(({ key }) => key === this.sort.key) ?? this.name;
    const sign = this.sort.descending ? -1 : 1;
    return this.items.toSorted((a, b) => {
      const [x, y] = [column.value(a), column.value(b)];
      if (x === null || y === null) {
        return Number(x === null) - Number(y === null);
      }
      return (
        sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)))
      );
    });
  }
}
