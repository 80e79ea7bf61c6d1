export { opsEntities } from './entities.js';
export { OpsPreaggService } from './rollup/ops-preagg.service.js';
export { OpsDataSourceError } from './rollup/ops-data-source.error.js';
