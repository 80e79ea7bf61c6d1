export { EmbeddedPostgresError } from './errors.js';
export { keepEmbeddedPostgres } from './keep-running.js';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './start.js';
