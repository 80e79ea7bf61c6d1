import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { adminRequest, admit } from './admin-request.js';

/** Injection token of the guard that the host passed to OpsModule. */
export const OPS_ADMIN_GUARD = Symbol('OPS_ADMIN_GUARD');

/** Stands before every admin controller and asks the host's guard. */
@Injectable()
export class OpsAdminGuard implements CanActivate {
  public constructor(@Inject(OPS_ADMIN_GUARD) private readonly guard: CanActivate) {}

  public async canActivate(context: ExecutionContext): Promise<boolean> {
    const answer = this.guard.canActivate(context);
    const admitted = await (isObservable(answer) ? lastValueFrom(answer) : answer);
    if (admitted) {
      admit(adminRequest(context));
    }
    return admitted;
  }
}
