/** What stands where a secret was. */
const HIDDEN = '***';

/**
 * Everything here takes time in proportion to the text, whatever it says: no expression can begin twice in the same
 * run of characters and read it to its end each time.
 */

/** A header that is nothing but a secret, to the end of its line. */
const HEADER = /((?:authorization|cookie)\s{0,8}:\s{0,8})[^\s"'\\][^\r\n]*/gi;

/** `api_key=…`, `"accessToken": "…"`, `\"password\":\"…\"`, `secret%3D…`: a value that is named a secret. */
const NAMED = new RegExp(
  String.raw`((?:key|token|password|passwd|pwd|passphrase|secret|credentials?|signature|sig|auth|authorization|cookie)` +
    String.raw`[\\"'\x60]{0,4}\s{0,8}(?:=|:|%3[AD])\s{0,8})` +
    String.raw`(?:(")[^"\\]*(?:\\[^][^"\\]*)*|(\\{1,4}")[^"]*|(\\{0,4}')[^']*|` +
    String.raw`(?:(?:bearer|basic|token|digest|apikey)\s{1,8})?[^\s"'\x60&<>]+)`,
  'gi',
);

const SCHEME = /\b(bearer|basic)(\s{1,8}|%20)([^\s"'`,;<>]+)/gi;

/** What follows the word in a sentence. */
const PROSE =
  /^(?:tokens?|auth|authentication|authorization|credentials?|scheme|header|realm|is|was|or|and)\b/i;

/** User and password of a URL, to the last @ before its path. */
const USER_INFO = /(\/\\?\/)[^\s/?#"'<>`]*@/g;

/** Keys that say by their first letters what they are. */
const PREFIXED =
  /(?<![A-Za-z0-9])(?:[sr]k[-_]|gsk_|xai-|hf_|r8_|npm_|glpat-|gh[oprsu]_|github_pat_|xox[a-z]-|xapp-|whsec_|AIza|A[KS]IA|ya29\.|SG\.)[\w-]{8,}/g;

const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?/g;

/** Some providers' keys are UUIDs. */
const UUID = /(?<!\w)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w)/gi;

/** Long runs of the characters of hex and of both base64s. */
const RUN = /[A-Za-z0-9_+/=-]{24,}/g;

/**
 * Hides what might be a secret in a message of an upstream or of the gateway: keys, tokens, passwords, and long runs of
 * letters and digits that are no words, such as no model's name and no path is. Rather too much than too little.
 */
export function maskSecrets(text: string): string {
  return text
    .replace(HEADER, `$1${HIDDEN}`)
    .replace(NAMED, (_all, name: string, ...quotes: (string | undefined)[]) => {
      const [quote = ''] = quotes.slice(0, 3).filter((one) => one !== undefined);
      return `${name}${quote}${HIDDEN}`;
    })
    .replace(SCHEME, (all, scheme: string, space: string, value: string) =>
      isProse(scheme, value) ? all : `${scheme}${space}${HIDDEN}`,
    )
    .replace(USER_INFO, `$1${HIDDEN}@`)
    .replace(PREFIXED, HIDDEN)
    .replace(JWT, HIDDEN)
    .replace(UUID, HIDDEN)
    .replace(RUN, (run) => (isOpaque(run) ? HIDDEN : run));
}

/** Base64 of a name and a password has digits or capitals; what is called basic in a sentence has none. */
const isProse = (scheme: string, value: string): boolean =>
  PROSE.test(value) ||
  value === HIDDEN ||
  (scheme.toLowerCase() === 'basic' && /^[A-Za-z][a-z]*\W*$/.test(value));

const isOpaque = (run: string): boolean =>
  /\d/.test(run) && /[A-Za-z]/.test(run) && run.split(/[_+/=-]+/).some(isNoWord);

/** Not a word, a number, or what versions and regions are called: v2, 4o, 8x22b, central1, 70B. */
function isNoWord(part: string): boolean {
  if (/^(?:[A-Za-z]+|\d+)$/.test(part)) {
    return part.length > 20;
  }
  return part.length > 6 && !/^[A-Za-z]{1,9}\d{1,4}$/.test(part);
}
