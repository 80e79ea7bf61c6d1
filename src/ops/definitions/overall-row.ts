/** That a metrics row is the overall one of its bucket, in the unique index's own words: one probe of it. */
export const isOverallRow = (alias: string): string =>
  `COALESCE(${alias}.platform, '') = '' AND COALESCE(${alias}.group_id, 0) = 0`;
