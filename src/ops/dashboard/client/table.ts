import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { csvButton } from './csv.js';
import { NOTHING, unitOf, type ColumnFormat } from './format.js';
import type { Host } from './host.js';
import { button, endAligned, tableFrame, type Content } from './templates.js';

type Value = number | string | null | undefined;

/** A column, declared once for the screen, the phone, the order and the file. */
export interface Column<Row> {
  readonly key: string;
  /** The measure in full words. */
  readonly head: string;
  /** What the head does not say. */
  readonly title?: string;
  /** What rows are sorted by, and what the file has; none for a column of controls. */
  readonly value?: (row: Row) => Value;
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

export const measure = <Row>(
  key: string,
  head: string,
  value: (row: Row) => number | null,
  format: ColumnFormat,
  more: Partial<Column<Row>> = {},
): Column<Row> => ({ key, head, value, format, ...more });

interface Shown<Row> {
  /** For screen readers, and as the name of the file. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  /** Null until they are known: then bones of some rows are there in their place. */
  readonly rows: readonly Row[] | null;
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

const BONES = ['0', '1', '2', '3', '4'];

/** On phones the columns that matter, with the others unfolding row by row. */
export class Table<Row> {
  private readonly unfolded = new Set<string>();
  private all = false;

  public template(host: Pick<Host, 'view' | 'go' | 'changed'>, spec: Shown<Row>): TemplateResult {
    const { name, rows, idOf, classes = '', atFirst = Infinity, always, csv } = spec;
    const columns = spec.columns
      .filter(({ place }) => place !== 'file')
      .map((column, at) => (at === 0 ? { ...column, place: 'phone' as const } : column));
    const order = orderOf(spec, host.view.sort);
    const sorted = order === null ? (rows ?? []) : inOrder(rows ?? [], ...order);
    const shown = sorted.filter((row, at) => this.all || at < atFirst || always?.(row) === true);
    const cells = columns.map((column) => cellOf(column, sorted));
    const toggle = (): void => {
      this.all = !this.all;
      host.changed();
    };
    const heads = columns.map((column) => headOf(column, order, host.go));
    const body =
      rows === null
        ? BONES.map(
            () =>
              html`<tr>
                ${columns.map((column) => html`<td class=${classOf(column)}><i class="bone"></i></td>`)}
              </tr>`,
          )
        : repeat(shown, idOf, (row) => this.row(host, spec, columns, cells, row));
    const file = (): Value[][] => {
      const kept = spec.columns.flatMap(({ head, format, value }) => {
        const unit = unitOf(format);
        return value === undefined ? [] : [{ head: unit === undefined ? head : `${head} (${unit})`, value }];
      });
      return [kept.map(({ head }) => head), ...sorted.map((row) => kept.map(({ value }) => value(row)))];
    };
    return html`${tableFrame(name, heads, body, `folding ${classes}`)}
      <div class="actions start">
        ${button(this.all ? 'Show fewer' : `Show all ${sorted.length}`, toggle, {
          classes: 'quiet',
          hidden: sorted.length <= atFirst,
        })}
        ${csv === true && sorted.length > 0 ? csvButton(name, file) : nothing}
      </div>`;
  }

  private row(
    host: Pick<Host, 'changed'>,
    { idOf, classOf: classOfRow }: Shown<Row>,
    columns: readonly Column<Row>[],
    cells: readonly ((row: Row) => Content)[],
    row: Row,
  ): TemplateResult {
    const id = idOf(row);
    const isOpen = this.unfolded.has(id);
    const toggle = (): void => {
      this.unfolded[isOpen ? 'delete' : 'add'](id);
      host.changed();
    };
    const unfold = button('', toggle, { classes: 'unfold', expanded: isOpen, label: 'More of this row' });
    const rest = columns.flatMap((column, at) =>
      column.place === 'phone' ? [] : [[column, cells[at]?.(row)] as const],
    );
    return html`<tr class=${classOfRow?.(row) ?? ''} data-row=${id}>
        ${columns.map((column, at) =>
          at === 0
            ? html`<th scope="row" class="phone">
                ${rest.length > 0 ? unfold : nothing}${cells[at]?.(row)}
              </th>`
            : html`<td class=${classOf(column, row)} data-column=${column.key}>${cells[at]?.(row)}</td>`,
        )}
      </tr>
      ${
        isOpen
          ? html`<tr class="unfolded">
              <td colspan=${columns.length - rest.length}>
                <dl>
                  ${rest.map(
                    ([column, cell]) =>
                      html`<dt>${column.head}</dt>
                        <dd class=${column.classOf?.(row) ?? ''}>${cell}</dd>`,
                  )}
                </dl>
              </td>
            </tr>`
          : nothing
      }`;
  }
}

type Order<Row> = readonly [column: Column<Row>, isDown: boolean];

/** Null where the order is the rows' own. */
function orderOf<Row>({ columns, sort }: Shown<Row>, wanted: string): Order<Row> | null {
  for (const one of sort === undefined ? [] : [wanted, sort]) {
    const column = columns.find(({ key }) => key === one.replace(/^-/, ''));
    if (column?.value !== undefined) {
      return [column, one.startsWith('-')];
    }
  }
  return null;
}

function headOf<Row>(column: Column<Row>, order: Order<Row> | null, go: Host['go']): TemplateResult {
  const { key, head, title, leastFirst, value } = column;
  if (order === null || value === undefined) {
    return html`<th scope="col" class=${classOf(column)} title=${title ?? nothing}>${head}</th>`;
  }
  const [active, isDown] = [order[0].key === key, order[1]];
  const down = active ? !isDown : leastFirst !== true;
  const sort = (): void => {
    go({ sort: `${down ? '-' : ''}${key}` });
  };
  const state = !active ? 'none' : isDown ? 'descending' : 'ascending';
  return html`<th scope="col" class=${classOf(column)} aria-sort=${state}>
    ${button(head, sort, { title })}
  </th>`;
}

function classOf<Row>(column: Column<Row>, row?: Row): string {
  const { place, format, classOf: own } = column;
  return `${place ?? ''} ${format ? 'number' : ''} ${row === undefined ? '' : (own?.(row) ?? '')}`;
}

/** How the column shows a row among these. */
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
function inOrder<Row>(rows: readonly Row[], { value, last }: Column<Row>, isDown: boolean): readonly Row[] {
  const valueOf = (row: Row): Value => value?.(row) ?? null;
  const rank = (row: Row): number => (valueOf(row) === null ? 2 : last?.(row) === true ? 1 : 0);
  const compared = (x: Value, y: Value): number =>
    typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en');
  return rows.toSorted((a, b) => rank(a) - rank(b) || (isDown ? -1 : 1) * compared(valueOf(a), valueOf(b)));
}
