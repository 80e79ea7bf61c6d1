import { z } from 'zod';
import { parseIsoInstant } from '../common/iso-instant.js';
import { isId, type RequestKind } from './filters.js';

/** The request after which a page begins. */
export interface Cursor {
  /** ISO 8601 in UTC with the database's six digits of a second: a Date would lose three of them. */
  readonly createdAt: string;
  readonly kind: RequestKind;
  readonly id: string;
}

const TEXT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (error|success) (-?\d{1,19})$/;

export const writeCursor = ({ createdAt, kind, id }: Cursor): string =>
  Buffer.from(`${createdAt} ${kind} ${id}`).toString('base64url');

/** @returns null for what writeCursor has not written */
export function readCursor(text: string): Cursor | null {
  const match = TEXT.exec(Buffer.from(text, 'base64url').toString('latin1'));
  const [, createdAt = '', kind = '', id = ''] = match ?? [];
  const cursor = { createdAt, kind: kind as RequestKind, id };
  const isWhole = parseIsoInstant(createdAt) !== null && isId(id) && writeCursor(cursor) === text;
  return isWhole ? cursor : null;
}

/** As a query has it. */
export const givenCursor = z.string().transform((text, context): Cursor => {
  const cursor = readCursor(text);
  if (cursor === null) {
    context.issues.push({ code: 'custom', input: text, message: 'must be the `next` of an answer' });
    return z.NEVER;
  }
  return cursor;
});
