/** Results go to stdout, so that they can be redirected into a file; what is going on goes to stderr. */
export function progress(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

export interface Section {
  readonly title: string;
  /** What was measured, and what one has to know to judge it. */
  readonly notes: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function printSection({ title, notes, head, rows }: Section): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const table = [
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ];
  process.stdout.write(
    `\n## ${title}\n\n${notes.map((note) => `${note}\n`).join('')}\n${table.join('\n')}\n`,
  );
}
