import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Observable } from 'rxjs';

/** Injection token of the guard that the host passed to OpsModule. */
export const OPS_ADMIN_GUARD = Symbol('OPS_ADMIN_GUARD');

/** Stands before every admin controller and asks the host's guard. */
@Injectable()
export class OpsAdminGuard implements CanActivate {
  public constructor(@Inject(OPS_ADMIN_GUARD) private readonly guard: CanActivate) {}

  public canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    return this.guard.canActivate(context);
  }
}
