import { Group } from './group.entity.js';
import { OpsErrorLog } from './ops-error-log.entity.js';
import { UsageLog } from './usage-log.entity.js';

export { Group, OpsErrorLog, UsageLog };

/** The raw tables of the gateway, for TypeOrmModule and DataSource options. */
export const gatewayEntities = [Group, UsageLog, OpsErrorLog];
