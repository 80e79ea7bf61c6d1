import { Body, Param } from '@nestjs/common';
import { Requester } from '../http/admin-request.js';
import { OpsAdminController } from '../http/admin-controller.decorator.js';
import { CancelRoute, ListRoute, ItemRoute, RequestRoute } from '../http/routes.js';
import { OpsRunActiveError, OpsRunEndedError, OpsRunNotFoundError } from '../runs/run.errors.js';
import { VerificationsService } from './verifications.service.js';
import {
  verificationRequestSchema,
  verificationSchema,
  verificationSummarySchema,
  type Verification,
  type VerificationRequest,
  type VerificationSummary,
} from './verify.schemas.js';

const NOT_FOUND = new OpsRunNotFoundError('verify', '42');

@OpsAdminController('verify')
export class OpsVerificationsController {
  public constructor(private readonly verifications: VerificationsService) {}

  @RequestRoute({
    summary:
      'Recompute the closed buckets of a range another way and list every difference, in the background',
    body: verificationRequestSchema,
    answer: verificationSchema,
    conflict: ['One is running on this instance.', new OpsRunActiveError('verify', '42')],
  })
  public async request(
    @Body() body: VerificationRequest,
    @Requester() requestedBy: string,
  ): Promise<Verification> {
    return this.verifications.request(body, requestedBy);
  }

  @ListRoute('The latest verifications, newest first, without their lists', verificationSummarySchema)
  public async list(): Promise<VerificationSummary[]> {
    return this.verifications.list();
  }

  @ItemRoute('A verification, its progress and what it has found so far', verificationSchema, NOT_FOUND)
  public async progress(@Param('id') id: string): Promise<Verification> {
    return this.verifications.progress(id);
  }

  @CancelRoute(
    'Cancel a verification after the UTC day under way',
    verificationSchema,
    NOT_FOUND,
    new OpsRunEndedError('verify', '42'),
  )
  public async cancel(@Param('id') id: string): Promise<Verification> {
    return this.verifications.cancel(id);
  }
}
