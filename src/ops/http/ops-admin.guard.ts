import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { adminRequest } from './admin-request.js';
import { OpsAdminDoor, type AnyResponse } from './ops-admin-door.js';

/** Injection token of the guard that the host passed to OpsModule. */
export const OPS_ADMIN_GUARD = Symbol('OPS_ADMIN_GUARD');

/**
 * Stands before every admin controller and asks the host's guard. (Middleware would do as well, but gets other objects
 * and other paths on Express than on Fastify.)
 */
@Injectable()
export class OpsAdminGuard implements CanActivate {
  public constructor(
    @Inject(OPS_ADMIN_GUARD) private readonly guard: CanActivate,
    private readonly door: OpsAdminDoor,
  ) {}

  public async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = adminRequest(context);
    const response = context.switchToHttp().getResponse<AnyResponse>();
    this.door.enter(request, response);
    return this.door.ask(request, response, () => {
      const answer = this.guard.canActivate(context);
      return isObservable(answer) ? lastValueFrom(answer) : answer;
    });
  }
}
