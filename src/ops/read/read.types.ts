/** What the reads are asked and answer, for those that import types only, such as the dashboard's client. */
export type * from './measures.schemas.js';
export type * from './read-query.schemas.js';
export type * from './read.schemas.js';
export type * from './series.schemas.js';
export type { TrendBucket } from './trend-buckets.js';
