import type { Picture } from './chart-picture.js';
import type { ChartSpec } from './chart-specs.js';
import type { CsvCell } from './csv.js';
import { formatTime, zoneName } from './zone.js';

/** From when to when the point is, and why that is not all of it. */
export function spanAt(picture: Picture, row: number): string {
  const { starts, width, zone } = picture;
  const from = starts[row] ?? 0;
  const to = formatTime(from + width, zone, width > 3_600_000 ? 'dateTime' : 'time');
  return `${formatTime(from, zone, 'dateTime')} – ${to} ${zoneName(zone)}${partialAt(picture, row)}`;
}

const partialAt = ({ partial, starts }: Picture, row: number): string =>
  partial !== '' && row === starts.length - 1 ? `, ${partial}` : '';

/** What the tooltip has, for those who do not see it. */
export function reading({ format }: ChartSpec, picture: Picture, row: number): string {
  const shown = picture.lines.filter(({ isShown }) => isShown);
  const said = shown.map(({ label, values }) => `${label} ${format(values[row] ?? null)}`);
  return `${spanAt(picture, row)}: ${said.join(', ')}`;
}

export const tableRows = ({ format }: ChartSpec, picture: Picture): string[][] =>
  picture.starts.map((start, row) => [
    `${formatTime(start, picture.zone, 'full')}${partialAt(picture, row)}`,
    ...picture.lines.map(({ values }) => format(values[row] ?? null)),
  ]);

/** The numbers as the answer has them. */
export function csvRows({ starts, width, lines }: Picture): CsvCell[][] {
  const iso = (time: number): string => new Date(time).toISOString();
  return [
    ['from', 'to', ...lines.map(({ label }) => label)],
    ...starts.map((start, row) => [iso(start), iso(start + width), ...lines.map(({ raw }) => raw[row])]),
  ];
}

export function summary({ format, title }: ChartSpec, { lines, note }: Picture): string {
  const parts = lines.map(({ label, values }) => {
    const present = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...present), Math.max(...present)].map(format);
    return `${label}: ${present.length === 0 ? 'no data' : `${low ?? ''} to ${high ?? ''}`}`;
  });
  return `${title}, ${note}. ${parts.join('; ')}.`;
}
