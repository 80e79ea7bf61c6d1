import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { csvButton, type CsvCell } from './csv.js';
import { NOTHING, unitOf, type ColumnFormat } from './format.js';
import type { Host } from './host.js';
import { button, endAligned, tableFrame, type Content } from './templates.js';

/** A column, declared once for the screen, the phone, the order and the file. */
export interface Column<Row> {
  readonly key: string;
  /** The measure in full words. */
  readonly head: string;
  /** What the head does not say. */
  readonly title?: string;
  /** What rows are sorted by, and what the file has; none for a column of controls. */
  readonly value?: (row: Row) => CsvCell;
  /** Of numbers, which are aligned at their end. */
  readonly format?: ColumnFormat;
  /** What is shown, where it is more than the value as text. */
  readonly cell?: (row: Row, text: string) => Content;
  readonly classOf?: (row: Row) => string;
  /** Shown on phones too, as the first column is, or in the file alone. */
  readonly place?: 'phone' | 'file';
  /** The least is the interesting end: a first click sorts upwards. */
  readonly leastFirst?: boolean;
  /** Rows that say too little to be sorted by it: they follow the others. */
  readonly last?: (row: Row) => boolean;
}

export const column = <Row>(key: string, head: string, more: Partial<Column<Row>>): Column<Row> => ({
  ...{ key, head },
  ...more,
});

/** Of numbers. */
export const measure = <Row>(
  key: string,
  head: string,
  value: (row: Row) => number | null,
  format: ColumnFormat,
  more: Partial<Column<Row>> = {},
): Column<Row> => ({ key, head, value, format, ...more });

/** With how it shows a row among these. */
type Drawn<Row> = Column<Row> & { readonly draw: (row: Row) => Content };

interface Shown<Row> {
  /** For screen readers, and as the name of the file. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  /** Null until they are known: then bones of some rows are there in their place. */
  readonly rows: readonly Row[] | null;
  /** What is said instead of a table without rows. */
  readonly none?: string;
  readonly idOf: (row: Row) => string;
  readonly classes?: string;
  readonly classOf?: (row: Row) => string;
  /** The order where the page has none of these columns; heads sort only where there is one. */
  readonly sort?: string;
  /** How many are shown before somebody asks for the rest. */
  readonly atFirst?: number;
  /** Shown beyond those too. */
  readonly always?: (row: Row) => boolean;
  readonly csv?: boolean;
}

/** On phones the columns that matter, with the others unfolding row by row. */
export class Table<Row> {
  private readonly unfolded = new Set<string>();
  private all = false;

  public template(host: Host, spec: Shown<Row>): TemplateResult {
    const { name, rows, idOf, classes = '', atFirst = Infinity, always, csv } = spec;
    if (rows?.length === 0 && spec.none !== undefined) {
      return html`<p class="empty">${spec.none}</p>`;
    }
    const order = orderOf(spec, host.view.sort);
    const sorted = inOrder(spec, order);
    const shown = sorted.filter((row, at) => this.all || at < atFirst || always?.(row) === true);
    const columns = spec.columns
      .filter(({ place }) => place !== 'file')
      .map((column) => ({ ...column, draw: cellOf(column, sorted) }));
    const bones = html`<tr>
      ${columns.map((column) => html`<td class=${classOf(column)}><i class="bone"></i></td>`)}
    </tr>`;
    const toggle = (): void => {
      this.all = !this.all;
      host.changed();
    };
    const file = (): CsvCell[][] => {
      const kept = spec.columns.filter(({ value }) => value !== undefined);
      const heads = kept.map(({ head, format }) => `${head}${unitOf(format)}`);
      return [heads, ...sorted.map((row) => kept.map(({ value }) => value?.(row)))];
    };
    return html`${tableFrame(
        name,
        columns.map((column) => headOf(column, order, host)),
        rows === null
          ? Array<TemplateResult>(5).fill(bones)
          : repeat(shown, idOf, (row) => this.row(host, spec, columns, row)),
        `folding ${classes}`,
      )}
      <div class="actions start">
        ${button(this.all ? 'Show fewer' : `Show all ${sorted.length}`, toggle, {
          classes: 'quiet',
          hidden: sorted.length <= atFirst,
        })}
        ${csv === true && sorted.length > 0 ? csvButton(name, file) : nothing}
      </div>`;
  }

  private row(host: Host, spec: Shown<Row>, columns: readonly Drawn<Row>[], row: Row): TemplateResult {
    const id = spec.idOf(row);
    const isOpen = this.unfolded.has(id);
    const toggle = (): void => {
      this.unfolded[isOpen ? 'delete' : 'add'](id);
      host.changed();
    };
    const unfold = button('', toggle, { classes: 'unfold', expanded: isOpen, label: 'More of this row' });
    const [first, ...others] = columns;
    const rest = others.filter(({ place }) => place !== 'phone');
    return html`<tr class=${spec.classOf?.(row) ?? ''} data-row=${id}>
        <th scope="row">${rest.length > 0 ? unfold : nothing}${first?.draw(row)}</th>
        ${others.map(
          (column) =>
            html`<td class=${classOf(column, row)} data-column=${column.key}>${column.draw(row)}</td>`,
        )}
      </tr>
      ${
        isOpen
          ? html`<tr class="unfolded">
              <td colspan=${columns.length - rest.length}>
                <dl>
                  ${rest.map(
                    ({ head, classOf: own, draw }) =>
                      html`<dt>${head}</dt>
                        <dd class=${own?.(row) ?? ''}>${draw(row)}</dd>`,
                  )}
                </dl>
              </td>
            </tr>`
          : nothing
      }`;
  }
}

const keyOf = (order: string): string => order.replace(/^-/, '');

/** The key of a column, with - before it for descending order; undefined where the order is the rows' own. */
const orderOf = <Row>({ columns, sort }: Shown<Row>, wanted: string): string | undefined =>
  sort && [wanted, sort].find((one) => columns.some(({ key, value }) => value && key === keyOf(one)));

function headOf<Row>(column: Column<Row>, order: string | undefined, { to }: Host): TemplateResult {
  const { key, head, title, leastFirst = false, value } = column;
  if (order === undefined || value === undefined) {
    return html`<th scope="col" class=${classOf(column)} title=${title ?? nothing}>${head}</th>`;
  }
  const state = order === key ? 'ascending' : order === `-${key}` ? 'descending' : 'none';
  const next = state === 'descending' || (state === 'none' && leastFirst) ? key : `-${key}`;
  return html`<th scope="col" class=${classOf(column)} aria-sort=${state}>
    ${button(head, to({ sort: next }), { title })}
  </th>`;
}

function classOf<Row>(column: Column<Row>, row?: Row): string {
  const { place, format, classOf: own } = column;
  return `${place ?? ''} ${format ? 'number' : ''} ${row === undefined ? '' : (own?.(row) ?? '')}`;
}

function cellOf<Row>({ value, format, cell }: Column<Row>, rows: readonly Row[]): (row: Row) => Content {
  const sizes = rows.map((row) => Math.abs(Number(value?.(row) ?? 0)));
  const formatted = format?.(Math.max(0, ...sizes));
  return (row) => {
    const one = value?.(row) ?? null;
    const text = one === null ? NOTHING : typeof one === 'number' && formatted ? formatted(one) : String(one);
    return cell === undefined ? endAligned(text) : cell(row, text);
  };
}

/** Equal ones stay as they were; without a value always last, whichever the order. */
function inOrder<Row>({ rows, columns }: Shown<Row>, order = ''): readonly Row[] {
  const { value, last } = columns.find(({ key }) => key === keyOf(order)) ?? {};
  const valueOf = (row: Row): CsvCell => value?.(row) ?? null;
  const rank = (row: Row): number => (valueOf(row) === null ? 2 : last?.(row) === true ? 1 : 0);
  const compared = (x: CsvCell, y: CsvCell): number =>
    typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en');
  const sign = order.startsWith('-') ? -1 : 1;
  return (rows ?? []).toSorted((a, b) => rank(a) - rank(b) || sign * compared(valueOf(a), valueOf(b)));
}
