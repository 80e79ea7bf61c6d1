import { ApiProperty } from '@nestjs/swagger';
import type { Refresh } from './refresh-runs.service.js';
import type { MaintenanceTick, RefreshTick } from './refresh.service.js';
import { count } from '../http/response-properties.js';
import { RunStateResponse } from '../runs/run.responses.js';

export class RefreshTickResponse implements RefreshTick {
  @count('Hours noted; one with new rows in both raw tables counts twice.', 4)
  readonly detectedHours!: number;

  @count('Rows first seen after their hour had been closed.', 17)
  readonly lateRows!: number;

  @ApiProperty({
    type: Number,
    format: 'double',
    nullable: true,
    description: 'Age of the oldest of them, in seconds; null without one.',
    example: 7812.4,
  })
  readonly oldestLateSeconds!: number | null;

  @count('Rows dated below the raw floor: counted, and not applied.', 0)
  readonly belowFloorRows!: number;

  @count('Closed hours that the audit compared with their raw rows.', 24)
  readonly auditedHours!: number;

  @count('Of these, the ones that differed, unseen by detection: noted.', 0)
  readonly differingHours!: number;

  @count('Days whose rows were not the sum of their hours: noted.', 0)
  readonly differingDays!: number;

  @count('Hours recomputed.', 3)
  readonly drainedHours!: number;

  @count('Days merged from their hours.', 1)
  readonly drainedDays!: number;

  @count('Attempts that failed; each is tried again after a pause.', 0)
  readonly failedBuckets!: number;

  @count('Hours of which a side is held back, because a recomputation would have shrunk it.', 0)
  readonly suspiciousHours!: number;

  @count('Days held back, because their hours add up to less than half of them.', 0)
  readonly suspiciousDays!: number;

  @count('Hours that have lost raw rows, and are watched before they are recomputed.', 0)
  readonly losingHours!: number;

  @count('Hours given up because their raw rows are below the floor.', 0)
  readonly belowFloorHours!: number;

  @count('Closed hours that are still stale.', 0)
  readonly pendingHours!: number;

  @count('Closed days that are still stale.', 0)
  readonly pendingDays!: number;

  @count('Milliseconds.', 412)
  readonly ms!: number;
}

export class MaintenanceTickResponse implements MaintenanceTick {
  @count('Hours noted because an older version of the code, or another program, had computed them.', 0)
  readonly oldDefinitionHours!: number;

  @count('Days, likewise.', 0)
  readonly oldDefinitionDays!: number;

  @count('Groups that were deleted or moved to another platform since the run before.', 0)
  readonly changedGroups!: number;

  @count('Hourly rows past their retention.', 46)
  readonly droppedHourlyRows!: number;

  @count('Hourly rows that lost their distributions and were kept otherwise.', 46)
  readonly droppedDistributions!: number;

  @count('Daily rows past their retention.', 0)
  readonly droppedDailyRows!: number;

  @count('Days past a limit that were kept until they are settled; the next run asks again.', 0)
  readonly keptDays!: number;

  @count('Milliseconds.', 38)
  readonly ms!: number;
}

export class RefreshResponse extends RunStateResponse implements Refresh {
  @ApiProperty({ type: RefreshTickResponse, nullable: true, description: 'Null until it has ended.' })
  readonly refresh!: RefreshTickResponse | null;

  @ApiProperty({
    type: MaintenanceTickResponse,
    nullable: true,
    description: 'Follows the refresh; null until it has ended.',
  })
  readonly maintenance!: MaintenanceTickResponse | null;
}
