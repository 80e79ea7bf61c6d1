import { el } from './dom.js';

/**
 * The table behind a chart, for those who cannot see it or want the numbers. Filled only while it is open: a month
 * of hours in six charts would be 20,000 cells that nobody looks at.
 */
export class DataTable {
  public readonly element: HTMLDetailsElement;
  private readonly table = el('table', { class: 'data' });

  /** @param fill returns a caption, the heads and the rows as text */
  public constructor(
    private readonly name: string,
    private readonly fill: () => { heads: readonly string[]; rows: readonly (readonly string[])[] },
  ) {
    this.element = el(
      'details',
      { class: 'data-table' },
      el('summary', {}, 'Numbers', el('span', { class: 'visually-hidden' }, ` of ${name}`)),
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Numbers of ${name}` },
        this.table,
      ),
    );
    this.element.addEventListener('toggle', () => {
      this.refresh();
    });
  }

  public refresh(): void {
    if (!this.element.open) {
      this.table.replaceChildren();
      return;
    }
    const { heads, rows } = this.fill();
    this.table.replaceChildren(
      el('caption', { class: 'visually-hidden' }, this.name),
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      el(
        'tbody',
        {},
        ...rows.map(([first = '', ...rest]) =>
          el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((cell) => el('td', {}, cell))),
        ),
      ),
    );
  }
}
