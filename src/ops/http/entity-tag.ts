import { createHash } from 'node:crypto';

/** A strong entity tag: a digest of the body. */
export const entityTag = (body: string | Uint8Array): string =>
  `"${createHash('sha256').update(body).digest('base64url')}"`;

/** Whether an If-None-Match names the tag. It compares weakly, and proxies weaken the tags of what they compress. */
export function namesTag(header: string | string[] | undefined, tag: string): boolean {
  return String(header ?? '')
    .split(',')
    .some((one) => one.trim().replace(/^W\//, '') === tag);
}
