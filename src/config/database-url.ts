import { z } from 'zod';

/** What no password may contain as it is, and how it is written. */
const ESCAPES = { '%': '%25', '#': '%23', '/': '%2F', '?': '%3F' } as const;

/**
 * Why the drivers would not understand this URL, or undefined where they do. Never holds a part of it, which may be the
 * password's.
 */
function problemOf(value: string): string | undefined {
  if (!/^postgres(ql)?:\/\/\S+$/.test(value)) {
    return 'must be a postgres:// URL without blanks';
  }
  const rest = value.slice(value.indexOf('//') + 2);
  if (/%(?![0-9a-f]{2})/i.test(rest) || !decodes(rest)) {
    return unescaped('%');
  }
  if (rest.includes('#')) {
    return unescaped('#');
  }
  const [authority = ''] = rest.split(/[/?]/, 1);
  if (!authority.includes('@') && rest.includes('@')) {
    return unescaped(rest.charAt(authority.length) === '/' ? '/' : '?');
  }
  const address = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host = '', , port] = /^(\[[0-9a-f:.]+\]|[^[\]:]*)(:(\d+))?$/i.exec(address) ?? [];
  if (host + (port === undefined ? '' : `:${port}`) !== address) {
    return 'must name a host and a port, as host:5432 or [::1]:5432';
  }
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) {
    return 'must name a port from 1 to 65535';
  }
  // What is left would be a surprise. Without a host, libpq's defaults hold, which the URL class does not know.
  return host === '' || URL.canParse(value) ? undefined : 'must be a valid URL';
}

function unescaped(character: keyof typeof ESCAPES): string {
  return `contains a ${character} that is not escaped: in the user or the password write it as ${ESCAPES[character]}`;
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** A URL that pg and TypeORM both understand. */
export const databaseUrl = z.string().check((given) => {
  const message = problemOf(given.value);
  if (message !== undefined) {
    given.issues.push({ code: 'custom', message, input: given.value });
  }
});
