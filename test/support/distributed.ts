import type { OpsTables } from '../../src/ops/definitions/ops-tables.js';

/** The tables for which statements have the form that they have on a Citus cluster: plain SQL, which any PostgreSQL runs. */
export const distributed = (tables: OpsTables): OpsTables => ({
  ...tables,
  distributed: { usage: true, errors: true, usageIdsByNode: false, errorIdsByNode: false },
});
