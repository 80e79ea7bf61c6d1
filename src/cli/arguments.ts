import { InvalidArgumentError } from 'commander';
import { ISO_INSTANT_EXPECTED, parseIsoInstant } from '../ops/index.js';

/** An ISO 8601 time with a zone. */
export function instant(text: string): Date {
  const date = parseIsoInstant(text);
  if (date === null) {
    throw new InvalidArgumentError(`It ${ISO_INSTANT_EXPECTED}.`);
  }
  return date;
}

/** A whole number from 1 up to `max`. */
export function countUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (value < 1 || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
    }
    return value;
  };
}

export function seed(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 0xffff_ffff) {
    throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
  }
  return value;
}
