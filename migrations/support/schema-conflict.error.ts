/** A table that another program made is not what the rollup needs; the message says what to change. */
export class SchemaConflictError extends Error {
  public override readonly name = 'SchemaConflictError';
}
