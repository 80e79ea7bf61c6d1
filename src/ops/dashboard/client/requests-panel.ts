import { html, nothing, type TemplateResult } from 'lit-html';
import type { OpsRequest, Requests } from './admin-types.js';
import { scopeOf } from './answers.js';
import type { Query } from './api.js';
import { count, milliseconds, money, NOTHING, tokenRate } from './format.js';
import { keyName, listFilter } from './slices.js';
import { button, segmented, table, type Content } from './templates.js';
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
const HEADS = 'Request,Model,Account,Duration,TTFT,Speed,In,Cached,Out,Cost'.split(',');

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
    const name = `Requests, times in ${zoneName(view.zone)}`;
    return html`<article class="card">
      ${
        words.length === 0
          ? nothing
          : html`<div class="chips">
              ${button(`${words.join(' · ')} ✕`, to({ requests: { kind } }), {
                classes: 'chip',
                label: `Remove the filter ${words.join(', ')}`,
              })}
            </div>`
      }
      ${typeof refused === 'string' ? html`<p class="empty">${refused}</p>` : nothing}
      ${
        this.items.length === 0
          ? nothing
          : table(
              name,
              HEADS,
              this.items.map((item) => this.row(item)),
              'data list',
            )
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
    const shown = length === 0 ? 'No request' : `${count(length)} requests`;
    return this.busy
      ? 'Loading…'
      : this.next !== null
        ? `${shown} so far.`
        : this.failed
          ? ''
          : `${shown}${length === 0 ? ' in this range and under these filters' : ', no more'}.`;
  }

  private row(item: OpsRequest): Content[] {
    const { platform, groupName, groupId, model, accountId, apiKeyId, userId } = item;
    const of = (what: string, id: string | null): string => (id === null ? '' : `${what} ${id}`);
    const success = item.kind === 'success' ? item : null;
    const who = [of('account', accountId), of('key', apiKeyId), of('user', userId)].filter(
      (text) => text !== '',
    );
    return [
      html`${formatTime(item.createdAt, this.host.view.zone, 'exact')} ${outcome(item)} ${this.id(item)}`,
      html`${model === null ? NOTHING : keyName(model)}
        <small>${platform}, ${groupName ?? (of('group', groupId) || 'no group')}</small>`,
      html`${who[0] ?? NOTHING}<small>${who.slice(1).join(', ')}</small>`,
      milliseconds(success?.durationMs),
      milliseconds(success?.firstTokenMs),
      tokenRate(success?.outputTokensPerSecond),
      count(success && success.inputTokens + success.cacheCreationTokens),
      count(success?.cacheReadTokens),
      count(success?.outputTokens),
      money(success?.actualCost),
    ];
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
      <code title=${text}>${text}</code>
      ${canCopy ? button('Copy', copy, { classes: 'row-filter', label: `Copy ${text}` }) : nothing}
    </small>`;
  }
}

/** Successes and errors are told apart by word and colour; of an error, what there is to say of it. */
function outcome(item: OpsRequest): Content {
  if (item.kind === 'success') {
    return html`<span class="badge finished">success</span>`;
  }
  const { statusCode, upstreamStatusCode, errorOwner, errorPhase, errorType, message, isBusinessLimited } =
    item;
  const recovered = statusCode !== null && statusCode < 400;
  const upstream = upstreamStatusCode === null ? [] : [`provider said ${upstreamStatusCode}`];
  const told = [
    errorType,
    errorOwner,
    errorPhase,
    ...upstream,
    isBusinessLimited ? 'business-limited' : null,
  ];
  return html`<span class="badge failed">${recovered ? 'recovered' : 'error'} ${statusCode ?? ''}</span>
    <small>${told.filter(Boolean).join(' · ')}</small> <small>${message}</small>`;
}
