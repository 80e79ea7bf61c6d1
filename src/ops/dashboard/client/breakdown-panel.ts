import { html, type TemplateResult } from 'lit-html';
import type { Breakdown, ErrorItem } from '../../read/read.types.js';
import { BreakdownTable } from './breakdown-table.js';
import { capital, count, NOTHING, percent } from './format.js';
import type { Host } from './host.js';
import type { PanelState } from './panel-states.js';
import { unavailable, unslicedNote, wordOf } from './slices.js';
import { button, segmented, table, type Content } from './templates.js';

/** Numbers by whatever is chosen: platform, group, a set, or the kinds of errors. */
export class BreakdownPanel {
  private readonly table: BreakdownTable;

  public constructor(private readonly host: Host) {
    this.table = new BreakdownTable(host);
  }

  /** @param breakdown by what is chosen, under the filters of the page; null until it is known */
  public template(breakdown: Breakdown | null, state: PanelState): TemplateResult {
    const { view, to, dimensions } = this.host;
    const sets = dimensions?.map(({ name }) => name) ?? [];
    // What the address asks for is offered, also before the server has said which sets there are.
    const offered = new Set(['platform', 'group', ...sets, 'error', view.by]);
    const choices = [...offered].map(
      (by) => [by, by === 'error' ? 'Errors' : capital(wordOf(by)), to({ by })] as const,
    );
    const why = unavailable(this.host);
    return html`<section id="breakdown" aria-labelledby="breakdown-title">
      <div class="section-head">
        <h2 id="breakdown-title">Breakdown</h2>
        ${segmented('Breakdown by', choices, view.by)}
        <p class="note">
          ${view.by === 'error' ? 'A kind of error opens its requests.' : 'A head sorts, a name filters the page.'}
        </p>
      </div>
      <article class="card ${why === null ? state.className : ''}" data-breakdown=${view.by}>
        ${why === null ? html`${state.banner} ${this.content(breakdown)}` : this.instead(why)}
      </article>
    </section>`;
  }

  private content(breakdown: Breakdown | null): Content {
    if (breakdown === null) {
      return html`<p class="empty">Loading…</p>`;
    }
    const { by, freshness } = breakdown;
    const missing = unslicedNote(freshness, by, this.host.view.zone);
    return html`<p class="note unsliced" ?hidden=${missing === null}>${missing}</p>
      ${by === 'error' ? this.errors(breakdown) : this.table.template(breakdown)}`;
  }

  private instead(why: string): TemplateResult {
    const { view, to } = this.host;
    return html`<p class="empty">${why}</p>
      <div class="actions start">
        ${button('List the requests instead', to({ requests: { kind: view.by === 'error' ? 'error' : 'all' } }))}
      </div>`;
  }

  private errors({ errors, total }: Breakdown): TemplateResult {
    if (errors.length === 0) {
      return html`<p class="empty">No errors in this range.</p>`;
    }
    const heads = [
      'Type',
      'Client got',
      'Provider said',
      'Owner',
      'Phase',
      'Errors',
      'Share',
      'Before',
      'Change',
    ];
    const rows = errors.map((item) => [
      this.kind(item),
      ...[item.clientStatus, item.upstreamStatus, item.owner, item.phase].map((part) => part ?? NOTHING),
      count(item.count),
      percent(item.share),
      count(item.previousCount),
      item.change === null ? 'new' : `${item.change > 0 ? '+' : ''}${Math.round(item.change * 100)}\u00a0%`,
    ]);
    return html`${table('Kinds of errors', heads, rows)}
      <p class="note">
        Before: in the period of equal length just before.
        ${total > errors.length ? `The ${errors.length} most frequent of ${total}.` : ''}
      </p>`;
  }

  /** Opens the requests of that kind; all the others together are no kind. */
  private kind({ type, isOther, clientStatus, upstreamStatus, owner, phase }: ErrorItem): Content {
    const [none, name] = ['(none)', type ?? '(none)'];
    if (isOther) {
      return html`<span
        title="All the kinds together that were not among the most frequent of their hour or day"
        >(other)</span
      >`;
    }
    const requests = {
      kind: 'error',
      status: clientStatus ?? none,
      upstreamStatus: upstreamStatus ?? none,
      errorOwner: owner ?? none,
      errorPhase: phase ?? none,
      errorType: name,
    } as const;
    const label = `List errors: ${[name, clientStatus, upstreamStatus, owner, phase].join(', ')}`;
    return button(name === '' ? '(empty)' : name, this.host.to({ requests }), {
      classes: 'row-filter',
      label,
    });
  }
}
