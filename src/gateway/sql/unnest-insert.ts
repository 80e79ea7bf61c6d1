/** A statement and what is bound to it. */
export interface BoundQuery {
  readonly text: string;
  readonly values: unknown[];
}

/** How one column of a batch is filled: the value of a row, null meaning the fallback. */
export interface InsertColumn<Row> {
  readonly name: string;
  readonly type: string;
  readonly value: (row: Row) => string | number | boolean | null | undefined;
  /** SQL taken where the value is null; the column's own default, which an explicit NULL would override. */
  readonly fallback?: string;
}

/**
 * Builds `INSERT … SELECT FROM unnest(…)`: one array per column, so the statement is the same text for every
 * batch size and never nears the protocol's limit of 65,535 parameters (16 columns × 5,000 rows are 80,000).
 *
 * The id is not among the columns: its default must be taken by this INSERT, which already holds its lock on the
 * table then. Who reads new rows by id relies on that order.
 */
export function unnestInsert<Row>(
  table: string,
  columns: readonly InsertColumn<Row>[],
): (rows: readonly Row[]) => BoundQuery {
  const names = columns.map((column) => column.name).join(', ');
  const selected = columns.map((column) =>
    column.fallback === undefined ? `r.${column.name}` : `COALESCE(r.${column.name}, ${column.fallback})`,
  );
  const arrays = columns.map((column, index) => `$${index + 1}::${column.type}[]`);
  const text = [
    `INSERT INTO ${table} (${names})`,
    `SELECT ${selected.join(', ')}`,
    `FROM unnest(${arrays.join(', ')}) AS r(${names})`,
  ].join('\n');
  return (rows) => ({
    text,
    values: columns.map((column) => rows.map((row) => column.value(row) ?? null)),
  });
}
