import { html, nothing, type TemplateResult } from 'lit-html';
import type { OpsRequest, Requests } from './admin-types.js';
import { scopeOf } from './answers.js';
import type { Query } from './api.js';
import { count, counts, durations, moneys, numberOf, tokenRates } from './format.js';
import { outcome } from './outcome.js';
import { filterBy, keyName, listFilter, wordOf } from './slices.js';
import { measure, Table, type Column } from './table.js';
import { button, segmented, type Content } from './templates.js';
import { Tool } from './tool.js';
import { subjectOf, type RequestFilters } from './view.js';
import { formatTime, zoneName } from './zone.js';

const PAGE = 50;
/** What a filter of the list is called. */
const FILTER_WORDS: Readonly<Record<string, string>> = {
  status: 'client got',
  upstreamStatus: 'provider said',
  errorOwner: 'owner',
  errorPhase: 'phase',
  errorType: 'type',
};
type Success = Extract<OpsRequest, { kind: 'success' }>;
/** In the file beside what is shown. */
const FILE_ONLY =
  'kind,requestId,platform,groupId,groupName,apiKeyId,userId,statusCode,upstreamStatusCode,errorOwner,errorPhase,errorType,message'
    .split(',')
    .map((key): Column<OpsRequest> => {
      const value = (item: OpsRequest): string | number | null =>
        (item as Partial<Record<string, string | number | null>>)[key] ?? null;
      return { key, head: key, place: 'file', value };
    });

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
    const open = (kind: RequestFilters['kind']) => to({ requests: { kind } });
    const choices = [
      ['all', 'All', open('all')],
      ['error', 'Errors', open('error')],
      ['success', 'Successes', open('success')],
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
      ${
        this.query === null || (this.items.length === 0 && !this.busy)
          ? nothing
          : this.table.template(this.host, {
              ...{ name: `Requests, times in ${zoneName(view.zone)}`, classes: 'list', csv: true },
              ...{ columns: this.columns(), rows: this.items.length === 0 ? null : this.items },
              idOf: ({ kind: of, id }) => `${of} ${id}`,
            })
      }
      ${this.query === null ? nothing : html`<p class="empty" role="status">${this.state()}</p>`}
      ${this.message}
      <div class="actions start" ?hidden=${this.query === null}>
        ${button('More', this.more, { disabled: this.busy, hidden: this.next === null })}
        ${button('List the newest', this.start, { classes: 'quiet', disabled: this.busy })}
      </div>
    </article>`;
  }

  private state(): string {
    const { length } = this.items;
    if (this.busy || this.failed) {
      return this.busy ? 'Loading…' : '';
    }
    return length === 0
      ? 'No request in this range and under these filters: filter less, or choose a longer range.'
      : `${count(length)} requests${this.next === null ? ', no more' : ' so far'}.`;
  }

  private columns(): readonly Column<OpsRequest>[] {
    const { zone } = this.host.view;
    const of = (value: (item: Success) => number | null) => (item: OpsRequest) =>
      item.kind === 'success' ? value(item) : null;
    return [
      {
        ...{ key: 'time', head: 'Request', value: ({ createdAt }) => createdAt },
        cell: (item) => html`${formatTime(item.createdAt, zone, 'exact')} ${outcome(item)} ${this.id(item)}`,
      },
      ...FILE_ONLY,
      {
        ...{ key: 'model', head: 'Model', value: ({ model }) => model, place: 'phone' },
        cell: ({ model, platform, groupId, groupName }) =>
          html`${this.key('model', model)}
            <small>
              ${this.key('platform', platform)},
              ${groupId === null ? 'no group' : this.key('group', groupId, keyName(groupName ?? `group ${groupId}`))}
            </small>`,
      },
      {
        ...{ key: 'account', head: 'Account', value: ({ accountId }) => accountId },
        cell: ({ accountId, apiKeyId, userId }) =>
          html`${this.key('account', accountId)}
            <small>
              ${apiKeyId === null ? nothing : this.key('api_key', apiKeyId, `key ${apiKeyId}`)}
              ${userId === null ? nothing : this.key('user', userId, `user ${userId}`)}
            </small>`,
      },
      measure(
        'duration',
        'Duration',
        of((item) => item.durationMs),
        durations,
        { place: 'phone' },
      ),
      measure(
        'ttft',
        'Time to first token',
        of((item) => item.firstTokenMs),
        durations,
      ),
      measure(
        'speed',
        'Output speed',
        of((item) => item.outputTokensPerSecond),
        tokenRates,
      ),
      measure(
        'input',
        'Input tokens',
        of((item) => item.inputTokens + item.cacheCreationTokens),
        counts,
      ),
      measure(
        'cached',
        'Cached tokens',
        of((item) => item.cacheReadTokens),
        counts,
      ),
      measure(
        'output',
        'Output tokens',
        of((item) => item.outputTokens),
        counts,
      ),
      measure(
        'cost',
        'Cost',
        of(({ actualCost }) => numberOf(actualCost)),
        moneys,
      ),
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
