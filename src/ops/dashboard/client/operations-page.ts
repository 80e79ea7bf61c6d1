import { html, nothing, type TemplateResult } from 'lit-html';
import type { Rebuild, Status } from './admin-types.js';
import type { Host } from './host.js';
import { operationsFacts } from './operations-facts.js';
import type { PanelState } from './panel-states.js';
import { RebuildPanel } from './rebuild-panel.js';
import { RefreshTool } from './refresh-tool.js';
import { VerifyPanel } from './verify-panel.js';

/** How the rollup does, and what can be done about it: a page of its own. */
export class OperationsPage {
  private readonly refreshTool: RefreshTool;
  private readonly rebuilds: RebuildPanel;
  private readonly verification: VerifyPanel;

  public constructor(private readonly host: Host) {
    this.refreshTool = new RefreshTool(host);
    this.rebuilds = new RebuildPanel(host);
    this.verification = new VerifyPanel(host);
    void this.verification.resume();
  }

  public show(rebuilds: readonly Rebuild[]): void {
    this.rebuilds.show(rebuilds);
  }

  /** @param status null until it is known */
  public template(
    status: Status | null,
    states: Readonly<Record<'status' | 'rebuilds', PanelState>>,
  ): TemplateResult {
    const { view, range } = this.host;
    const { className, banner } = states.status;
    // What can be rebuilt or verified are closed hours.
    const to = Math.min(range.to, Date.parse(status?.closedThrough ?? '') || range.to);
    const closed = { from: Math.min(range.from, to - 3_600_000), to };
    return html`<section id="operations" aria-labelledby="operations-title">
      <div class="section-head">
        <h2 id="operations-title">Rollup</h2>
        ${this.refreshTool.template()}
      </div>
      <div id="facts" class="operations ${className}">
        ${banner} ${status === null ? nothing : operationsFacts(status, view.zone)}
      </div>
      <div class="operations">
        ${this.rebuilds.template(closed, states.rebuilds)} ${this.verification.template(closed)}
      </div>
    </section>`;
  }
}
