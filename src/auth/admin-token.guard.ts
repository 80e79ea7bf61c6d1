import { createHash, timingSafeEqual } from 'node:crypto';
import {
  Inject,
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { ADMIN_TOKEN, type AdminToken } from './admin-token.js';

/** Lets in who sends `Authorization: Bearer <OPS_ADMIN_TOKEN>`; everybody else gets 401. */
@Injectable()
export class AdminTokenGuard implements CanActivate {
  public constructor(@Inject(ADMIN_TOKEN) private readonly token: AdminToken) {}

  public canActivate(context: ExecutionContext): boolean {
    return requireAdmin(this.token, context.switchToHttp().getRequest<WithAuthorization>());
  }
}

export interface WithAuthorization {
  readonly headers: { readonly authorization?: string | undefined };
}

/** @throws UnauthorizedException where the request does not bring the token */
export function requireAdmin(token: AdminToken, { headers }: WithAuthorization): true {
  const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  // Digests have one length, so that neither the time nor an exception tells anything about the token.
  if (given === '' || !timingSafeEqual(digest(given), digest(token.value))) {
    throw new UnauthorizedException(
      'The admin endpoints need the header Authorization: Bearer <OPS_ADMIN_TOKEN>.',
    );
  }
  return true;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
