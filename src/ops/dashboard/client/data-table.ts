import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import { csvButton, type CsvCell } from './csv.js';
import { endAligned, tableFrame } from './templates.js';

/**
 * The table behind a chart, for those who cannot see it or want the numbers, on the page or as a file. Filled only while
 * it is open: a month of hours in six charts would be 20,000 cells that nobody looks at.
 */
export class DataTable {
  private open = false;

  /** @param onToggle has to render the template again */
  public constructor(
    private readonly name: string,
    private readonly onToggle: () => void,
  ) {}

  /**
   * @param rows of what is behind the chart, asked for again once one of the sources is another
   * @param csv the same as it is, with its heads
   */
  public template(
    heads: readonly string[],
    rows: () => readonly (readonly string[])[],
    csv: () => readonly (readonly CsvCell[])[],
    sources: readonly unknown[],
  ): TemplateResult {
    const toggle = (event: Event): void => {
      this.open = (event.target as HTMLDetailsElement).open;
      this.onToggle();
    };
    return html`<div class="data-table">
      <details @toggle=${toggle}>
        <summary>Numbers<span class="visually-hidden"> of ${this.name}</span></summary>
        ${guard([this.open, ...sources], () =>
          this.open
            ? tableFrame(
                `Numbers of ${this.name}`,
                heads.map((head) => html`<th scope="col">${head}</th>`),
                rows().map(
                  ([first, ...cells]) =>
                    html`<tr>
                      <th scope="row">${first}</th>
                      ${cells.map((cell) => html`<td>${endAligned(cell)}</td>`)}
                    </tr>`,
                ),
              )
            : nothing,
        )}
      </details>
      ${csvButton(this.name, csv)}
    </div>`;
  }
}
