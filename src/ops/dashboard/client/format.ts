/** Numbers for people. No value is an en dash; a unit is set apart by a no-break space. */
export const NOTHING = '–';

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const short = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, notation: 'compact' });

/** Of numbers that have none: from how much on, and its sign. */
export const UNITS = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

type Value = number | null | undefined;

const orNothing =
  (format: (value: number) => string) =>
  (value: Value): string =>
    value == null ? NOTHING : format(value);

/** 1,234,567 */
export const count = orNothing((value) => whole.format(value));

/** 1.23 M: three significant digits. A thousand is a small k, as in every other unit. */
export const compact = orNothing((value) =>
  short
    .format(value)
    .replace('K', 'k')
    .replace(/[kMBT]$/, '\u00a0$&'),
);

export const perSecond = orNothing(
  (value) => `${compact(value)}${Math.abs(value) >= 999.5 ? '' : '\u00a0'}/s`,
);

/** 1.24 % of a share of 1; what is above 0 is never shown as 0. */
export const percent = orNothing((share) =>
  share > 0 && share < 0.000_05 ? '<0.01\u00a0%' : `${(share * 100).toFixed(2)}\u00a0%`,
);

/** A share that should be 1, rounded down: 99.996 % is not 100 %. The epsilon is for 0.57 * 10,000 = 5,699.99… */
export const slaPercent = orNothing(
  (share) => `${(Math.floor(share * 10_000 + 1e-9) / 100).toFixed(2)}\u00a0%`,
);

/** 850 ms, 3.42 s, 1 min 12 s */
export const milliseconds = orNothing((value) => {
  if (value < 59_950) {
    return value < 999.5 ? `${three.format(value)}\u00a0ms` : `${three.format(value / 1000)}\u00a0s`;
  }
  return span(Math.round(value / 1000) * 1000);
});

/** 61.5 tok/s */
export const tokenRate = orNothing((value) => `${three.format(value)}\u00a0tok/s`);

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
  const thousands = Math.min(4, Math.max(0, Math.floor(Math.log10(largest / 10) / 3)));
  return fixed(1000 ** thousands, thousands === 0 ? 0 : 2, ['', 'k', 'M', 'B', 'T'][thousands] ?? '');
};

/** Of milliseconds: in seconds up to ten minutes. */
export const durations: ColumnFormat = (largest) =>
  largest < 999.5 ? fixed(1, 0, 'ms') : largest < 600_000 ? fixed(1000, 2, 's') : fixed(60_000, 1, 'min');

/** Cents, or more of them where all are small. */
export const moneys: ColumnFormat = (largest) =>
  fixed(1, largest >= 1e6 ? 0 : largest >= 10 || largest === 0 ? 2 : largest >= 0.1 ? 4 : 6, '');

/** In what a file has the numbers of such a column, after its head. */
export const unitOf = (format: ColumnFormat | undefined): string =>
  format === durations ? ' (ms)' : format === tokenRates ? ' (tokens/s)' : '';

/** Of what comes as text, since it may have more digits than a number. */
export const numberOf = (text: string | null): number | null => (text === null ? null : Number(text));

/** A length of time in its two largest units: 2 d 4 h, 12 min, 8 s. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const largest = parts.filter(([amount]) => amount > 0).slice(0, 2);
  return largest.map(([amount, unit]) => `${amount}\u00a0${unit}`).join(' ') || '0\u00a0s';
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 1 hour, 2 hours. */
export const plural = (amount: number, noun: string): string =>
  `${count(amount)}\u00a0${noun}${amount === 1 ? '' : 's'}`;
