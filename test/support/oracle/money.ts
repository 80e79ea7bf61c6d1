/** Digits after the point: those of the raw columns, numeric(20,10). An amount is a bigint of so many units to one. */
const DIGITS = 10;
const ONE = 10n ** BigInt(DIGITS);

/** A decimal text, as PostgreSQL gives it, without rounding. */
export function moneyOf(text: string): bigint {
  const {
    sign = '',
    whole = '0',
    rest = '',
  } = /^(?<sign>-?)(?<whole>\d+)(?:\.(?<rest>\d+))?$/.exec(text)?.groups ?? {};
  if (!/^\d*$/.test(rest) || rest.slice(DIGITS).replaceAll('0', '') !== '') {
    throw new TypeError(`not an amount of ${DIGITS} digits: ${text}`);
  }
  const amount = BigInt(whole) * ONE + BigInt(rest.slice(0, DIGITS).padEnd(DIGITS, '0'));
  return sign === '-' ? -amount : amount;
}

export function moneyText(amount: bigint): string {
  const absolute = amount < 0n ? -amount : amount;
  return `${amount < 0n ? '-' : ''}${absolute / ONE}.${String(absolute % ONE).padStart(DIGITS, '0')}`;
}
