import { applyDecorators, Controller, UseFilters, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { AdminErrorAnswers } from './error-answers.js';
import { OpsAdminGuard } from './ops-admin.guard.js';
import { OpsErrorFilter } from './ops-error.filter.js';
import { OwnAnswers } from './own-answers.js';

/**
 * What every admin controller has: the prefix, the host's guard (with request ids and their log), answers that no
 * interceptor of the host wraps, and the one error shape.
 */
export function OpsAdminController(path = ''): ClassDecorator {
  return applyDecorators(
    Controller(path === '' ? 'admin/ops' : `admin/ops/${path}`),
    UseGuards(OpsAdminGuard),
    UseFilters(OpsErrorFilter),
    OwnAnswers(),
    ApiTags('ops'),
    ApiBearerAuth(),
    AdminErrorAnswers(),
  );
}
