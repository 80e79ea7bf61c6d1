import { z } from 'zod';
import { auditResultSchema } from '../audit/audit.schema.js';
import { bigCount, count, instant, words } from '../common/schemas.js';
import { detectResultSchema } from '../detection/detect-result.js';
import { drainResultSchema } from '../drain/drain.schema.js';
import { retentionResultSchema } from '../retention/retention.schema.js';
import { runStateSchema } from '../runs/run.schemas.js';

const refreshTickSchema = z
  .object({
    ...detectResultSchema.shape,
    ...auditResultSchema.shape,
    ...drainResultSchema.shape,
    pendingMinutes: count('Minutes that are stale.'),
    pendingHours: count('Closed hours that are still stale.'),
    pendingDays: count('Closed days that are still stale.'),
    ms: count('Milliseconds.', 412),
  })
  .meta({ id: 'RefreshTickResponse' });

/** What one tick of the refresh job did. */
export type RefreshTick = z.infer<typeof refreshTickSchema>;

const maintenanceTickSchema = z
  .object({
    oldDefinitionHours: count(
      'Hours noted because an older version of the code, or another program, had computed them.',
    ),
    oldDefinitionDays: count('Days, likewise.'),
    changedGroups: count('Groups that were deleted or moved to another platform since the run before.'),
    ...retentionResultSchema.shape,
    ms: count('Milliseconds.', 38),
  })
  .meta({ id: 'MaintenanceTickResponse' });

/** What one tick of the maintenance job did. */
export type MaintenanceTick = z.infer<typeof maintenanceTickSchema>;

export const refreshSchema = z
  .object({
    ...runStateSchema.shape,
    refresh: refreshTickSchema.nullable().meta({ description: 'Null until it has ended.' }),
    maintenance: maintenanceTickSchema
      .nullable()
      .meta({ description: 'Follows the refresh; null until it has ended.' }),
  })
  .meta({ id: 'RefreshResponse' });

/** One tick of both jobs, asked for. */
export type Refresh = z.infer<typeof refreshSchema>;

export const changedGroupSchema = z
  .object({
    groupId: bigCount('Id of the group.', '7'),
    platform: words('Its platform from now on; null where it was deleted.', 'anthropic').nullable(),
    previousPlatform: words('The platform that its history is filed under.', 'openai').nullable(),
    changedAt: instant('When it was noticed.', '2026-01-31T11:07:00.412Z'),
  })
  .meta({ id: 'ChangedGroupResponse' });

/** A group whose history is filed under what it was. */
export type ChangedGroup = z.infer<typeof changedGroupSchema>;
