import { applyDecorators, Controller, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ApiAdminErrors } from './admin-answers.js';
import { OpsAdminAudit } from './ops-admin-audit.guard.js';
import { OpsAdminGuard } from './ops-admin.guard.js';
import { OpsErrorFilter } from './ops-error.filter.js';
import { opsValidationPipe } from './ops-validation.pipe.js';
import { OpsWriteLimit } from './ops-write-limit.guard.js';

/**
 * What every admin controller has: the prefix, request ids and their log, the host's guard, the limit on writes,
 * validation, and the one error shape.
 */
export function OpsAdminController(path = ''): ClassDecorator {
  return applyDecorators(
    Controller(path === '' ? 'admin/ops' : `admin/ops/${path}`),
    UseGuards(OpsAdminAudit, OpsAdminGuard, OpsWriteLimit),
    UseFilters(OpsErrorFilter),
    UsePipes(opsValidationPipe()),
    ApiTags('ops'),
    ApiBearerAuth(),
    ApiAdminErrors(),
  );
}
