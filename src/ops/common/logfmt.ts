/** One line of key=value pairs, which people and log collectors both read. Values with blanks or quotes are JSON. */
export function logfmt(values: object): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value === null ? '' : quoted(String(value))}`)
    .join(' ');
}

/** A line break in a value would let its author write log lines. */
function quoted(value: string): string {
  return /^[^\s"=\p{Cc}\u2028\u2029]*$/u.test(value) ? value : JSON.stringify(value);
}
