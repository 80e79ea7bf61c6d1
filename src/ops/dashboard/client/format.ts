/** Numbers for people. No value is an en dash; a unit is set apart by a no-break space. */
export const NOTHING = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** Of numbers that have none: from how much on, and its sign. */
export const UNITS = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

type Value = number | null | undefined;

/** 1,234,567 */
export function count(value: Value): string {
  return value == null ? NOTHING : whole.format(value);
}

/** 1.23 M: three significant digits. */
export function compact(value: Value): string {
  if (value == null) {
    return NOTHING;
  }
  // 999,500 is a million in three digits: the unit is chosen after rounding.
  const rounded = Number(value.toPrecision(3));
  for (const [size, unit] of UNITS) {
    if (Math.abs(rounded) >= size) {
      return `${three.format(rounded / size)}\u00a0${unit}`;
    }
  }
  return three.format(rounded);
}

export const perSecond = (value: Value): string =>
  value == null ? NOTHING : `${compact(value)}${Math.abs(value) >= 999.5 ? '' : '\u00a0'}/s`;

/** 1.24 % of a share of 1; what is above 0 is never shown as 0. */
export function percent(share: Value): string {
  if (share == null) {
    return NOTHING;
  }
  if (share > 0 && share < 0.000_05) {
    return '<0.01\u00a0%';
  }
  return `${(share * 100).toFixed(2)}\u00a0%`;
}

/** A share that should be 1, rounded down: 99.996 % is not 100 %. The epsilon is for 0.57 * 10,000 = 5,699.99… */
export function slaPercent(share: Value): string {
  return share == null ? NOTHING : `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)}\u00a0%`;
}

/** 850 ms, 3.42 s, 1 min 12 s */
export function milliseconds(value: Value): string {
  if (value == null) {
    return NOTHING;
  }
  if (value < 999.5) {
    return `${three.format(value)}\u00a0ms`;
  }
  if (value < 59_950) {
    return `${three.format(value / 1000)}\u00a0s`;
  }
  const seconds = Math.round(value / 1000);
  return span(seconds * 1000, 60);
}

/** 61.5 tok/s */
export const tokenRate = (value: Value): string =>
  value == null ? NOTHING : `${three.format(value)}\u00a0tok/s`;

/** Money, in a currency that only the gateway knows: cents from 1 on, three significant digits below and from 10,000 on. */
export function money(amount: string | Value): string {
  const value = amount == null ? null : Number(amount);
  return value === null || Math.abs(value) < 1 || Math.abs(value) >= 9999.5
    ? compact(value)
    : value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/**
 * How a column shows its numbers, by the largest of them: in one unit and with as many decimals each, so that they
 * align by these and can be compared at a glance.
 */
export type ColumnFormat = (largest: number) => (value: number) => string;

/** What is above 0 is never shown as 0. */
function fixed(size: number, decimals: number, unit: string): (value: number) => string {
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const numbers = new Intl.NumberFormat('en-US', options);
  const least = 10 ** -decimals;
  return (value) => {
    const isLess = value > 0 && value / size < least / 2;
    return `${isLess ? `<${numbers.format(least)}` : numbers.format(value / size)}${unit && `\u00a0${unit}`}`;
  };
}

export const counts: ColumnFormat = () => count;
export const percents: ColumnFormat = () => percent;
export const slaPercents: ColumnFormat = () => slaPercent;
export const tokenRates: ColumnFormat = () => fixed(1, 1, 'tok/s');

/** In M up to 10 B: what is small beside the largest must not vanish. */
export const amounts: ColumnFormat = (largest) => {
  const [size, unit] = UNITS.find(([one]) => largest >= 10 * one) ?? [1, ''];
  return fixed(size, size === 1 ? 0 : 2, unit);
};

/** Of milliseconds: in seconds up to ten minutes. */
export const durations: ColumnFormat = (largest) =>
  largest < 999.5 ? fixed(1, 0, 'ms') : largest < 600_000 ? fixed(1000, 2, 's') : fixed(60_000, 1, 'min');

/** Cents, or more of them where all are small. */
export const moneys: ColumnFormat = (largest) =>
  fixed(1, largest >= 1e6 ? 0 : largest >= 10 || largest === 0 ? 2 : largest >= 0.1 ? 4 : 6, '');

/** In what a file has the numbers of such a column. */
export const unitOf = (format: ColumnFormat | undefined): string | undefined =>
  format === durations ? 'ms' : format === tokenRates ? 'tokens/s' : undefined;

/** Of what comes as text, since it may have more digits than a number. */
export const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

/** A length of time in its two largest units: 2 d 4 h, 12 min, 8 s. */
export function span(milliseconds: number, smallestSeconds = 1): string {
  let seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts: string[] = [];
  for (const [size, unit] of [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const) {
    const amount = Math.floor(seconds / size);
    if (amount > 0 && parts.length < 2) {
      parts.push(`${amount}\u00a0${unit}`);
    }
    seconds %= size;
  }
  return parts.length === 0 ? `0\u00a0${smallestSeconds === 1 ? 's' : 'min'}` : parts.join(' ');
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 1 hour, 2 hours. */
export const plural = (amount: number, noun: string): string =>
  `${count(amount)}\u00a0${noun}${amount === 1 ? '' : 's'}`;
