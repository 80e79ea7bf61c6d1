/** What a body can be sent as, the smallest first. */
export const CODINGS = ['br', 'gzip', 'identity'] as const;

export type Coding = (typeof CODINGS)[number];

/**
 * The coding that an Accept-Encoding asks for (RFC 9110, 12.5.3): that of the highest weight, of equal ones the smallest.
 * Without the header, or where it allows nothing that there is, the body goes out as it is.
 */
export function chosenCoding(header: string | string[] | undefined): Coding {
  const weights = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',')
      .map((one) => {
        const [name = '', ...parameters] = one.split(';').map((part) => part.trim());
        return [name, weightOf(parameters)] as const;
      }),
  );
  const weight = (coding: Coding): number =>
    weights.get(coding) ??
    // What is not named may be sent only as it is, and rather in any coding that is named.
    weights.get('*') ??
    (coding === 'identity' ? Number.MIN_VALUE : 0);
  const best = CODINGS.reduce((a, b) => (weight(b) > weight(a) ? b : a));
  return weight(best) > 0 ? best : 'identity';
}

/** From 0, not wanted, to 1; a weight that is none counts as none given. */
function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
  return given !== undefined && /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(given) ? Number(given) : 1;
}
