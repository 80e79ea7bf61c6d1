import { html, type TemplateResult } from 'lit-html';
import type { Status } from './admin-types.js';
import type { Host } from './host.js';
import { OperationsFacts } from './operations-facts.js';
import type { PanelState } from './panel-states.js';
import { RebuildPanel } from './rebuild-panel.js';
import { RefreshTool } from './refresh-tool.js';
import { VerifyPanel } from './verify-panel.js';

const HOUR = 3_600_000;

/** How the rollup does, and what can be done about it: a page of its own. */
export class OperationsPage {
  private readonly refreshTool: RefreshTool;
  private readonly facts: OperationsFacts;
  public readonly rebuilds: RebuildPanel;
  public readonly verifications: VerifyPanel;

  public constructor(private readonly host: Host) {
    this.refreshTool = new RefreshTool(host);
    this.facts = new OperationsFacts(host);
    this.rebuilds = new RebuildPanel(host);
    this.verifications = new VerifyPanel(host);
  }

  /** @param status null until it is known */
  public template(
    status: Status | null,
    states: Readonly<Record<'status' | 'rebuilds' | 'verifications', PanelState>>,
  ): TemplateResult {
    const { range } = this.host;
    const { className, banner } = states.status;
    // What can be rebuilt or verified are closed hours.
    const to = Math.min(range.to, Date.parse(status?.closedThrough ?? '') || range.to);
    const closed = { from: Math.min(range.from, to - HOUR), to };
    return html`<section id="operations" aria-labelledby="operations-title">
      <div class="section-head">
        <h2 id="operations-title">Rollup</h2>
        ${this.refreshTool.template()}
      </div>
      <div id="facts" class=${className}>${banner} ${this.facts.template(status)}</div>
      <div class="section-head">
        <h2>Recompute and compare</h2>
        <p class="note">Of closed hours; what runs goes on when this page is closed.</p>
      </div>
      <div class="operations">
        ${this.rebuilds.template(closed, states.rebuilds)}
        ${this.verifications.template(closed, states.verifications)}
      </div>
    </section>`;
  }
}
