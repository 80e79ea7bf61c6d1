import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maskSecrets } from '../../src/ops/requests/mask-secrets.js';
import { MESSAGE_LOOKED_AT, MESSAGE_SHOWN, shownMessage } from '../../src/ops/requests/shown-message.js';

const chars = (set: string, minLength: number, maxLength = minLength + 20): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from(set)), minLength, maxLength });

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = `${LOWER}${LOWER.toUpperCase()}0123456789`;
const BASE64URL = `${ALNUM}-_`;

/** A secret, and the text that it stands in: what comes before it and after it. */
type Planted = readonly [before: string, secret: string, after: string];

const plant = (
  before: fc.Arbitrary<string>,
  secret: fc.Arbitrary<string>,
  after: fc.Arbitrary<string> = fc.constant(''),
): fc.Arbitrary<Planted> => fc.tuple(before, secret, after);

/** Letters and digits for sure. */
const opaque = (set: string): fc.Arbitrary<string> =>
  fc.tuple(chars(set, 11), chars(set, 11)).map(([one, other]) => `${one}7a${other}`);

const NAMES = [
  'key',
  'api_key',
  'x-api-key',
  'OPENAI_API_KEY',
  'token',
  'access_token',
  'password',
  'Secret',
];
const name = fc.constantFrom(...NAMES, 'client_secret', 'authorization', 'X-Amz-Signature', 'pwd');
// Begun so that they stand nowhere else in the text by chance.
const begun = (text: string): string => `Z9${text}`;
const password = chars(`${ALNUM}!$%*+,-./:;?@_~`, 6).map(begun);
const sentence = chars(`${ALNUM} ,.@`, 6).map(begun);

const planted = fc.oneof(
  plant(
    fc.constantFrom('sk-', 'sk-ant-api03-', 'sk-proj-', 'AIza', 'AKIA', 'ghp_', 'xoxb-', 'xoxp-', 'gsk_'),
    chars(BASE64URL, 12),
  ),
  plant(fc.constantFrom('Bearer ', 'bearer  ', 'authorization: Bearer '), chars(`${ALNUM}-._~+/`, 12)),
  plant(
    fc.constantFrom('Basic ', 'Authorization: Basic '),
    sentence.map((text) => Buffer.from(`user:7X${text}`).toString('base64')),
  ),
  plant(
    fc.constant(''),
    fc
      .tuple(chars(BASE64URL, 10), chars(BASE64URL, 10), chars(BASE64URL, 10))
      .map(([header, body, signature]) => `eyJ${header}.${body}.${signature}`),
  ),
  plant(
    fc.tuple(name, fc.constantFrom('=', ': ', ':', ' = ', '%3D')).map((parts) => parts.join('')),
    password,
  ),
  plant(
    name.map((one) => `{"${one}": "`),
    sentence,
    fc.constant('"}'),
  ),
  plant(
    name.map((one) => `{\\"${one}\\":\\"`),
    sentence,
    fc.constant('\\"}'),
  ),
  plant(
    name.map((one) => `'${one}': '`),
    sentence,
    fc.constant("'"),
  ),
  plant(
    fc.constant('https://user:'),
    chars(`${ALNUM}!$*+,-.:@_~`, 6).map(begun),
    fc.constant('@host.example/v1'),
  ),
  plant(
    name.map((one) => `https://host.example/v1?alt=json&${one}=`),
    password,
    fc.constant('&page=2'),
  ),
  plant(fc.constant(''), fc.oneof(opaque('0123456789abcdef'), opaque(ALNUM))),
  plant(
    fc.constant(''),
    fc.tuple(opaque(`${ALNUM}+/`), fc.constantFrom('', '=', '==')).map((parts) => parts.join('')),
  ),
  plant(fc.constant(''), fc.uuid()),
);

const WORDS = [
  'The model `claude-3-5-sonnet-20241022` was not found',
  'gpt-4o-mini-2024-07-18 is overloaded.',
  'Qwen/Qwen2.5-72B-Instruct-Turbo mixtral-8x22b-instruct-v0',
  'POST https://api.example.com/v1/projects/demo/locations/us-central1/models/gemini-2 answered 503',
  'status=429, retry_after=12 max_tokens: 4096 total_tokens=12345678901234567890',
  'Invalid API key provided. Bearer token is missing; basic authentication failed',
  'rate_limit_error_of_organization_level_2_requests_per_minute',
  'at 2026-11-30T14:38:27.123Z, 1,234 ms ("overloaded_error") [529]',
  'duplicate key value violates unique constraint "pk_usage_logs"',
  'risk-assessment of a keyboard, 日本語 🦊 <html>',
];
const harmless = fc
  .array(fc.oneof(fc.constantFrom(...WORDS), chars(LOWER, 1, 12), fc.nat().map(String)), { maxLength: 6 })
  .map((parts) => parts.join(' '));

describe('maskSecrets', () => {
  it('lets no secret through, whatever stands around it', () => {
    fc.assert(
      fc.property(harmless, planted, harmless, (before, [lead, secret, end], after) => {
        const masked = maskSecrets(`${before} ${lead}${secret}${end} ${after}`);
        expect(masked).not.toContain(secret);
        // Nor a part of it that would do.
        for (let at = 0; at + 12 <= secret.length; at += 1) {
          expect(masked).not.toContain(secret.slice(at, at + 12));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves text without secrets as it is', () => {
    fc.assert(
      fc.property(harmless, (text) => {
        expect(maskSecrets(text)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['{"password":"a\\"b c","status":401}', '{"password":"***","status":401}'],
    ['Incorrect API key provided: sk-proj-0123456789abcdef.', 'Incorrect API key provided: ***.'],
    ['https://me:p@ss@host/x?key=abc&alt=sse', 'https://***@host/x?key=***&alt=sse'],
    ['Authorization: Digest username="x", response="y"\nnext', 'Authorization: ***\nnext'],
    ['postgres://app:hunter2@db:5432/gateway refused', 'postgres://***@db:5432/gateway refused'],
  ])('hides no more than is needed of %s', (text, masked) => {
    expect(maskSecrets(text)).toBe(masked);
  });

  // A regular expression that goes back over what it has read would take hours for one of these, not a second.
  it.each([
    'a',
    'eyJ',
    'eyJ-',
    'sk-',
    '//',
    '//a@',
    '/',
    'key=',
    'key="',
    'key=\\',
    'key \\\\\\\\ ',
    'Bearer ',
    'Bearer',
    'authorization:',
    'a1',
    'aB3-',
    '=',
    ' ',
    '\\"',
    '\\',
    'token":\\"',
    'x@',
    'key%3D',
  ])('takes a million times %j without going back', (piece) => {
    const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
    expect(typeof maskSecrets(text)).toBe('string');
  });
});

describe('shownMessage', () => {
  it('is short, and cuts no character in two', () => {
    const long = '🦊'.repeat(MESSAGE_SHOWN + 1);
    expect(shownMessage(long)).toBe(`${'🦊'.repeat(MESSAGE_SHOWN - 1)}…`);
    expect(shownMessage('🦊'.repeat(MESSAGE_SHOWN))).toBe('🦊'.repeat(MESSAGE_SHOWN));
    expect(shownMessage('')).toBe('');
  });

  it('hides a secret that the shortening would cut off', () => {
    const text = `${'a '.repeat(MESSAGE_SHOWN / 2 - 8)}key=0123456789abcdef0123456789`;
    expect(shownMessage(text)).not.toContain('0123');
  });

  it('does not show the word at the end of what is looked at, which may be part of a secret', () => {
    const secrets = `${'key=x'.padEnd(1_000, 'x')} `.repeat(4);
    const text = `${secrets}https://me:hunter2`.padEnd(MESSAGE_LOOKED_AT + 1, '2');
    expect(shownMessage(text)).toBe('key=*** key=*** key=*** key=*** …');
  });
});
