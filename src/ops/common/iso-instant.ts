const ISO_WITH_ZONE =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** What a caller is told to give. */
export const ISO_INSTANT_EXPECTED = 'must be an ISO 8601 time with a zone, such as 2026-01-31T00:00:00Z';

/**
 * Reads an ISO 8601 time that says its zone (Z or an offset), so that it means the same everywhere.
 *
 * @returns null for anything else, a day that the month does not have included
 */
export function parseIsoInstant(text: unknown): Date | null {
  const match = typeof text === 'string' ? ISO_WITH_ZONE.exec(text) : null;
  if (match === null) {
    return null;
  }
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number];
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const date = new Date(match[0]);
  return month >= 1 && month <= 12 && day >= 1 && day <= lastDay && !Number.isNaN(date.getTime())
    ? date
    : null;
}
