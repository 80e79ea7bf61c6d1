/** Digits after the point of a quotient. */
const QUOTIENT_DIGITS = 10;

/**
 * A sum of decimal numbers in text, as PostgreSQL writes numeric: exact at any size, with as many digits after the point
 * as the one that has most. What is no number (NaN, Infinity), or not known, makes the sum none.
 */
export class MoneySum {
  /** In units of the last digit. */
  private units = 0n;
  private digits = 0;
  private isNumber = true;

  public add(text: string | null): void {
    const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text ?? '') ?? [];
    if (whole === '') {
      this.isNumber = false;
      return;
    }
    this.widen(fraction.length);
    const units = BigInt(whole + fraction.padEnd(this.digits, '0'));
    this.units += sign === '' ? units : -units;
  }

  public subtract(other: MoneySum): void {
    this.isNumber &&= other.isNumber;
    this.widen(other.digits);
    this.units -= other.units * 10n ** BigInt(this.digits - other.digits);
  }

  private widen(digits: number): void {
    if (digits > this.digits) {
      this.units *= 10n ** BigInt(digits - this.digits);
      this.digits = digits;
    }
  }

  /** In decimal digits; null where something was no number. */
  public exact(): string | null {
    return this.isNumber ? decimal(this.units, this.digits) : null;
  }

  /** Divided by a whole number, rounded half away from zero to ten digits after the point; null for 0. */
  public per(count: number): string | null {
    if (!this.isNumber || count === 0) {
      return null;
    }
    const scaled = this.units * 10n ** BigInt(QUOTIENT_DIGITS) * 2n;
    const divisor = BigInt(count) * 10n ** BigInt(this.digits);
    const rounded = (scaled + (this.units < 0n ? -divisor : divisor)) / (2n * divisor);
    return decimal(rounded, QUOTIENT_DIGITS);
  }
}

function decimal(units: bigint, digits: number): string {
  const text = String(units < 0n ? -units : units).padStart(digits + 1, '0');
  const sign = units < 0n ? '-' : '';
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
