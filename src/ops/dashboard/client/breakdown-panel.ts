import { html, type TemplateResult } from 'lit-html';
import type { Breakdown, ErrorItem } from '../../read/read.types.js';
import { BreakdownTable } from './breakdown-table.js';
import { capital, counts, percents, type ColumnFormat } from './format.js';
import type { Host } from './host.js';
import type { PanelState } from './panel-states.js';
import { keyName, setNames, unavailable, unslicedNote, wordOf } from './slices.js';
import { column, measure, Table, type Column } from './table.js';
import { button, segmented, type Content } from './templates.js';
import { isFiltered, NO_FILTERS } from './view.js';

const NONE = '(none)';
const OTHER = '(other)';
const NOTES = {
  [NONE]: 'nobody said of what type',
  [OTHER]: 'all the kinds together that were not among the most frequent of their hour or day',
};

/** What an error has beside its type: the head of its column, and the filter of the list of requests. */
export const SIGNS = [
  ['clientStatus', 'Client got', 'status'],
  ['upstreamStatus', 'Provider said', 'upstreamStatus'],
  ['owner', 'Owner', 'errorOwner'],
  ['phase', 'Phase', 'errorPhase'],
] as const;

const changes: ColumnFormat = () => (change) => `${change > 0 ? '+' : ''}${Math.round(change * 100)}\u00a0%`;

/** What to do where there are no numbers. */
const instead = (why: string, action: Content): TemplateResult =>
  html`<p class="empty">${why}</p>
    <div class="actions start">${action}</div>`;

/** Numbers by whatever is chosen: platform, group, a set, or the kinds of errors. */
export class BreakdownPanel {
  private readonly table: BreakdownTable;
  private readonly errors = new Table<ErrorItem>();

  public constructor(private readonly host: Host) {
    this.table = new BreakdownTable(host);
  }

  /** @param breakdown by what is chosen, under the filters of the page; null until it is known */
  public template(breakdown: Breakdown | null, state: PanelState): TemplateResult {
    const { view, to, dimensions } = this.host;
    const sets = setNames(dimensions);
    // What the address asks for is offered, also before the server has said which sets there are.
    const offered = new Set(['platform', 'group', ...sets, 'error', view.by]);
    const choices = [...offered].map(
      (by) => [by, by === 'error' ? 'Errors' : capital(wordOf(by)), to({ by })] as const,
    );
    const why = unavailable(this.host);
    const kind = view.by === 'error' ? 'error' : 'all';
    const list = button('List the requests instead', to({ requests: { kind } }));
    return html`<section id="breakdown" aria-labelledby="breakdown-title">
      <div class="section-head">
        <h2 id="breakdown-title">Breakdown</h2>
        ${segmented('Breakdown by', choices, view.by)}
        <p class="note">
          ${
            view.by === 'error'
              ? 'A head sorts, a kind of error opens its requests.'
              : 'A head sorts, a name filters the page, with Shift by several.'
          }
        </p>
      </div>
      <article class="card ${why === null ? state.className : ''}" data-breakdown=${view.by}>
        ${why === null ? html`${state.banner} ${this.content(breakdown)}` : instead(why, list)}
      </article>
    </section>`;
  }

  private content(breakdown: Breakdown | null): Content {
    const { by, zone } = this.host.view;
    const missing = breakdown && unslicedNote(breakdown.freshness, by, zone);
    const isEmpty = breakdown?.items.length === 0 && breakdown.errors.length === 0;
    return html`<p class="note unsliced" ?hidden=${missing === null}>${missing}</p>
      ${isEmpty ? this.empty(by) : by === 'error' ? this.kinds(breakdown) : this.table.template(by, breakdown)}`;
  }

  private empty(by: string): TemplateResult {
    const { view, to } = this.host;
    const filtered = isFiltered(view);
    const advice = filtered ? 'Filter less, or choose a longer range.' : 'Choose a longer range.';
    return instead(
      by === 'error' ? 'No errors in this range.' : `No ${wordOf(by)} in this range. ${advice}`,
      button('Clear the filters', to(NO_FILTERS), { hidden: !filtered }),
    );
  }

  private kinds(breakdown: Breakdown | null): TemplateResult {
    const rows = breakdown?.errors ?? null;
    const [total, listed] = [breakdown?.total ?? 0, rows?.length ?? 0];
    const columns: readonly Column<ErrorItem>[] = [
      column('type', 'Type of error', {
        value: nameOf,
        leastFirst: true,
        cell: (item) => this.kind(item),
      }),
      ...SIGNS.map(([key, head]) => column<ErrorItem>(key, head, { value: (item) => item[key] })),
      measure('errors', 'Errors', (item) => item.count, counts, { place: 'phone' }),
      measure('share', 'Share of errors', (item) => item.share, percents),
      measure('before', 'Errors before', (item) => item.previousCount, counts),
      measure('change', 'Change', (item) => item.change, changes, {
        place: 'phone',
        cell: ({ change }, text) => (change === null ? 'new' : text),
      }),
    ];
    const notes = Object.entries(NOTES).flatMap(([name, note]) =>
      rows?.some((item) => nameOf(item) === name) === true ? [`${name}: ${note}.`] : [],
    );
    return html`${this.errors.template(this.host, {
        ...{ name: 'Kinds of errors', columns, rows, sort: '-errors', atFirst: 20, csv: true },
        idOf: (item) => JSON.stringify([item.type, item.isOther, ...signsOf(item)]),
      })}
      <p class="note">
        Before: in the period of equal length just before. ${notes.join(' ')}
        ${total > listed && listed > 0 ? `The ${listed} most frequent of ${total}.` : ''}
      </p>`;
  }

  /** Opens the requests of that kind; all the others together are no kind. */
  private kind(item: ErrorItem): Content {
    const name = nameOf(item);
    if (item.isOther) {
      return html`<span title=${capital(NOTES[OTHER])}>${name}</span>`;
    }
    const signs = Object.fromEntries(SIGNS.map(([key, , filter]) => [filter, item[key] ?? NONE]));
    const requests = { kind: 'error', ...signs, errorType: item.type ?? NONE } as const;
    return button(html`<span class="long">${name}</span>`, this.host.to({ requests }), {
      classes: 'row-filter',
      label: `List errors: ${[name, ...signsOf(item)].join(', ')}`,
    });
  }
}

const signsOf = (item: ErrorItem): readonly (string | null)[] => SIGNS.map(([key]) => item[key]);
const nameOf = ({ type, isOther }: ErrorItem): string => (isOther ? OTHER : keyName(type ?? NONE));
