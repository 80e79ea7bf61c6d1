/** A statement and its bound values; builders return it, services send it. */
export interface SqlStatement {
  readonly text: string;
  readonly values: unknown[];
}
