import {
  Controller,
  Get,
  Injectable,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  type CallHandler,
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
  type NestInterceptor,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { OpsJobs } from 'llm-gateway-ops';
import { map, type Observable } from 'rxjs';

// What many hosts have around every route of theirs.

interface HostRequest {
  readonly headers: { readonly authorization?: string };
  user?: { readonly name: string; readonly admin: boolean } | undefined;
}

const USERS = new Map([
  ['Bearer of-olga', { name: 'olga', admin: true }],
  ['Bearer of-vera', { name: 'vera', admin: false }],
]);

const IS_PUBLIC = 'isPublic';
export const Public = (): CustomDecorator => SetMetadata(IS_PUBLIC, true);

/** Refuses what carries no user. */
@Injectable()
class UserGuard implements CanActivate {
  public constructor(private readonly reflector: Reflector) {}

  public canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HostRequest>();
    request.user = USERS.get(request.headers.authorization ?? '');
    if (
      request.user === undefined &&
      !this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, [context.getHandler(), context.getClass()])
    ) {
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Injectable()
class WrappingInterceptor implements NestInterceptor {
  public intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

export const surroundings: Provider[] = [
  { provide: APP_GUARD, useClass: UserGuard },
  { provide: APP_INTERCEPTOR, useClass: WrappingInterceptor },
  {
    provide: APP_PIPE,
    useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
  },
];

@Injectable()
export class Settings {
  public readonly auditPercent = 1;
  public readonly mayAdminister = ({ user }: HostRequest): boolean => user?.admin === true;
}

/** The host's own guard of the admin endpoints, with a dependency. */
@Injectable()
export class AdminGuard implements CanActivate {
  public constructor(private readonly settings: Settings) {}

  public canActivate(context: ExecutionContext): boolean {
    return this.settings.mayAdminister(context.switchToHttp().getRequest<HostRequest>());
  }
}

/** The host's own, wrapped like every answer of its own. */
@Controller('health')
@Public()
export class HealthController {
  public constructor(private readonly jobs: OpsJobs) {}

  @Get()
  public health(): { stuck: string[] } {
    return {
      stuck: this.jobs
        .runs()
        .filter((run) => run.stuck)
        .map(({ job }) => job),
    };
  }
}
