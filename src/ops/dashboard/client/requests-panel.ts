import { html, nothing, type TemplateResult } from 'lit-html';
import type { OpsRequest, Requests } from './admin-types.js';
import { scopeOf } from './answers.js';
import type { Query } from './api.js';
import { SIGNS } from './breakdown-panel.js';
import { count, counts, durations, moneys, numberOf, tokenRates, type ColumnFormat } from './format.js';
import { filterBy, keyName, listFilter, wordOf } from './slices.js';
import type { CsvCell } from './csv.js';
import { column, measure, Table, type Column } from './table.js';
import { button, segmented, type Content } from './templates.js';
import { Tool } from './tool.js';
import { subjectOf, type RequestFilters } from './view.js';
import { formatTime, zoneName } from './zone.js';

const PAGE = 50;
/** What a filter of the list is called. */
const FILTER_WORDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SIGNS.map(([, head, filter]) => [filter, head.toLowerCase()])),
  errorType: 'type',
};
/** In the file beside what is shown. */
const FILE_ONLY =
  'kind,requestId,platform,groupId,groupName,apiKeyId,userId,statusCode,upstreamStatusCode,errorOwner,errorPhase,errorType,message'
    .split(',')
    .map((key) => {
      const value = (item: OpsRequest): CsvCell => (item as Partial<Record<string, CsvCell>>)[key];
      return column<OpsRequest>(key, key, { place: 'file', value });
    });

type Success = Extract<OpsRequest, { kind: 'success' }>;
const ofSuccess = (
  key: string,
  head: string,
  value: (item: Success) => number | null,
  format: ColumnFormat,
): Column<OpsRequest> => measure(key, head, (item) => (item.kind === 'success' ? value(item) : null), format);
const MEASURES = [
  { ...ofSuccess('duration', 'Duration', (item) => item.durationMs, durations), place: 'phone' as const },
  ofSuccess('ttft', 'Time to first token', (item) => item.firstTokenMs, durations),
  ofSuccess('speed', 'Output speed', (item) => item.outputTokensPerSecond, tokenRates),
  ofSuccess('input', 'Input tokens', (item) => item.inputTokens + item.cacheCreationTokens, counts),
  ofSuccess('cached', 'Cached tokens', (item) => item.cacheReadTokens, counts),
  ofSuccess('output', 'Output tokens', (item) => item.outputTokens, counts),
  ofSuccess('cost', 'Cost', (item) => numberOf(item.actualCost), moneys),
];

/**
 * The raw rows behind the numbers, under the filters of the page, newest first. It stays as it was loaded while the
 * numbers are refreshed: what somebody reads must not move.
 */
export class RequestsPanel extends Tool {
  private items: readonly OpsRequest[] = [];
  private next: string | null = null;
  /** What the first page was asked with, which the others must be too; null where there is none. */
  private query: Query | null = null;
  /** What is listed, or being listed. */
  private subject = '';
  private loading = new AbortController();
  private readonly table = new Table<OpsRequest>();

  public template(): TemplateResult {
    const { view, to } = this.host;
    const choices = [
      ['all', 'All', to({ requests: { kind: 'all' } })],
      ['error', 'Errors', to({ requests: { kind: 'error' } })],
      ['success', 'Successes', to({ requests: { kind: 'success' } })],
    ] as const;
    return html`<section id="requests" aria-labelledby="requests-title">
      <div class="section-head">
        <h2 id="requests-title">Requests</h2>
        ${segmented('List requests', choices, view.requests?.kind ?? null)}
        ${button('Close', to({ requests: null }), { classes: 'quiet', hidden: view.requests === null })}
        <p class="note">One by one, newest first, under the filters of the page.</p>
      </div>
      ${view.requests === null ? nothing : this.list(view.requests)}
    </section>`;
  }

  /** Lists what the page asks for, unless that is listed. */
  public follow(): void {
    const { view } = this.host;
    const subject = view.requests === null ? '' : `${subjectOf(view)} ${JSON.stringify(view.requests)}`;
    if (subject !== this.subject) {
      this.subject = subject;
      void this.start();
    }
  }

  /** The newest ones. */
  private readonly start = async (): Promise<void> => {
    const { view } = this.host;
    this.loading.abort();
    this.loading = new AbortController();
    [this.items, this.next, this.query] = [[], null, null];
    const filter = listFilter(view);
    if (view.requests === null || typeof filter === 'string') {
      return;
    }
    const { kind, ...filters } = view.requests;
    const scope = scopeOf({ ...view, slice: null }, this.host.range);
    this.query = { ...scope, ...filter, ...filters, kind: kind === 'all' ? null : kind, limit: PAGE };
    await this.more();
    document.getElementById('requests')?.scrollIntoView({ block: 'nearest' });
  };

  private readonly more = async (): Promise<void> => {
    const { signal } = this.loading;
    this.say('');
    await this.busily('The requests could not be listed', async () => {
      const query = { ...this.query, after: this.next };
      const page = await this.host.api.get<Requests>('requests', query, signal);
      this.items = [...this.items, ...page.items];
      this.next = page.next;
    });
  };

  private list({ kind, ...filters }: RequestFilters): TemplateResult {
    const { view, to } = this.host;
    const refused = listFilter(view);
    const words = Object.entries(filters).map(
      ([name, value]) => `${FILTER_WORDS[name] ?? name} ${keyName(value)}`,
    );
    return html`<article class="card">
      <div class="chips" ?hidden=${words.length === 0}>
        ${button(`${words.join(' · ')} ✕`, to({ requests: { kind } }), {
          ...{ classes: 'chip', label: `Remove the filter ${words.join(', ')}` },
        })}
      </div>
      ${typeof refused === 'string' ? html`<p class="empty">${refused}</p>` : nothing}
      ${this.query === null ? nothing : this.listed()}
    </article>`;
  }

  private listed(): TemplateResult {
    const { items, busy } = this;
    const table = {
      ...{ name: `Requests, times in ${zoneName(this.host.view.zone)}`, classes: 'list', csv: true },
      ...{ columns: this.columns(), rows: items.length === 0 ? null : items },
      idOf: ({ kind, id }: OpsRequest) => `${kind} ${id}`,
    };
    return html`${items.length > 0 || busy ? this.table.template(this.host, table) : nothing}
      <p class="empty" role="status">${this.state()}</p>
      ${this.message}
      <div class="actions start">
        ${button('More', this.more, { disabled: busy, hidden: this.next === null })}
        ${button('List the newest', this.start, { classes: 'quiet', disabled: busy })}
      </div>`;
  }

  private state(): string {
    const { length } = this.items;
    if (this.busy || this.said.kind === 'bad') {
      return this.busy ? 'Loading…' : '';
    }
    return length === 0
      ? 'No request in this range and under these filters: filter less, or choose a longer range.'
      : `${count(length)} requests${this.next === null ? ', no more' : ' so far'}.`;
  }

  private columns(): readonly Column<OpsRequest>[] {
    const { zone } = this.host.view;
    return [
      column('time', 'Request', {
        value: ({ createdAt }) => createdAt,
        cell: (item) => html`${formatTime(item.createdAt, zone, 'exact')} ${outcome(item)} ${this.id(item)}`,
      }),
      ...FILE_ONLY,
      column('model', 'Model', {
        place: 'phone',
        value: ({ model }) => model,
        cell: ({ model, platform, groupId, groupName }) =>
          html`${this.key('model', model)}
            <small>
              ${this.key('platform', platform)},
              ${groupId === null ? 'no group' : this.key('group', groupId, keyName(groupName ?? `group ${groupId}`))}
            </small>`,
      }),
      column('account', 'Account', {
        value: ({ accountId }) => accountId,
        cell: ({ accountId, apiKeyId, userId }) =>
          html`${this.key('account', accountId)}
            <small>
              ${apiKeyId === null ? nothing : this.key('api_key', apiKeyId, `key ${apiKeyId}`)}
              ${userId === null ? nothing : this.key('user', userId, `user ${userId}`)}
            </small>`,
      }),
      ...MEASURES,
    ];
  }

  /** Leads to the page of that alone, where numbers are kept by it. */
  private key(by: string, key: string | null, name = keyName(key ?? '(none)')): Content {
    const { dimensions, to } = this.host;
    const isKept = by === 'platform' || by === 'group' || dimensions?.some((set) => set.name === by) === true;
    const long = html`<span class="long">${name}</span>`;
    const title = `Show only this ${wordOf(by)}`;
    return isKept
      ? button(long, to(filterBy(by, [key ?? '(none)'])), { classes: 'row-filter', title })
      : long;
  }

  private id({ requestId, id }: OpsRequest): TemplateResult {
    const text = requestId ?? id;
    const copy = async (): Promise<void> => {
      await navigator.clipboard.writeText(text);
      this.say(`Copied ${text}.`, 'good');
    };
    // Only pages that came over TLS, or from this machine, have a clipboard.
    const canCopy = 'clipboard' in navigator;
    return html`<small>
      <code class="long" tabindex=${canCopy ? nothing : 0}>${text}</code>
      ${canCopy ? button('Copy', copy, { classes: 'row-filter', label: `Copy ${text}` }) : nothing}
    </small>`;
  }
}

/** Successes and errors are told apart by word and colour; of an error, what there is to say of it. */
function outcome(item: OpsRequest): Content {
  if (item.kind === 'success') {
    return html`<span class="badge finished">success</span>`;
  }
  const { statusCode, upstreamStatusCode: said, errorOwner, errorPhase, errorType, message } = item;
  const isRecovered = statusCode !== null && statusCode < 400;
  const limited = item.isBusinessLimited && 'business-limited';
  const told = [errorType, errorOwner, errorPhase, said !== null && `provider said ${said}`, limited];
  return html`<span class="badge failed">${isRecovered ? 'recovered' : 'error'} ${statusCode ?? ''}</span>
    <small>${told.filter(Boolean).join(' · ')}</small> <small>${message}</small>`;
}
