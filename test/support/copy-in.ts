import type pg from 'pg';

interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Runs `COPY … FROM STDIN`, which a driver's query method cannot: it has rows to send in between. */
export async function copyIn(client: pg.Client, statement: string, lines: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const submittable = {
      submit: (connection: CopyConnection) => {
        connection.query(statement);
      },
      handleCopyInResponse: (connection: CopyConnection) => {
        connection.sendCopyFromChunk(Buffer.from(lines.map((line) => `${line}\n`).join('')));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => {
        resolve();
      },
      handleError: reject,
    };
    client.query(submittable as unknown as pg.Submittable);
  });
}
