import type { TemplateResult } from 'lit-html';
import { button } from './templates.js';

export type CsvCell = string | number | null | undefined;

/** RFC 4180. A spreadsheet takes a text that begins like a formula for one: it is given as a text. */
export const csvOf = (rows: readonly (readonly CsvCell[])[]): string =>
  rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');

function cellOf(cell: CsvCell): string {
  if (typeof cell !== 'string') {
    return String(cell ?? '');
  }
  const text = /^[=+\-@\t\r]/.test(cell) && Number.isNaN(Number(cell)) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Saves a table as a file: numbers as they are, times in ISO 8601 and UTC, nothing where there is no value.
 *
 * @param rows the heads, then the rows; asked for when the button is pressed
 */
export function csvButton(name: string, rows: () => readonly (readonly CsvCell[])[]): TemplateResult {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([`\ufeff${csvOf(rows())}`], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.csv`;
    link.click();
    URL.revokeObjectURL(url);
  };
  return button('CSV', save, { classes: 'quiet', label: `Save ${name} as CSV` });
}
