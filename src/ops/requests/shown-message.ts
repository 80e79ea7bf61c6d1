import { maskSecrets } from './mask-secrets.js';

/** So many characters of a message are looked at; the database sends one more where there are more. */
export const MESSAGE_LOOKED_AT = 4_096;

/** So many characters (code points) of a message are shown. */
export const MESSAGE_SHOWN = 300;

/**
 * What is shown of an error's message: without what might be a secret, and short. Secrets are hidden before it is
 * shortened, so that none is half cut off and then looks like none.
 *
 * @param text the first characters of the message, one more than {@link MESSAGE_LOOKED_AT} where it goes on
 */
export function shownMessage(text: string): string {
  const points = Array.from(text);
  const isCut = points.length > MESSAGE_LOOKED_AT;
  const masked = maskSecrets(isCut ? withoutLastWord(points.slice(0, MESSAGE_LOOKED_AT)) : text);
  const shown = Array.from(masked);
  return isCut || shown.length > MESSAGE_SHOWN ? `${shown.slice(0, MESSAGE_SHOWN - 1).join('')}…` : masked;
}

/** The word that the cut went through might be a part of a secret, and too short to be taken for one. */
function withoutLastWord(points: string[]): string {
  const last = points.findLastIndex((point) => /[\s"'`]/.test(point));
  return points.slice(0, last + 1).join('');
}
