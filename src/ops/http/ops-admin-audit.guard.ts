import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { logfmt } from '../logfmt.js';
import { adminRequest, isWrite, requesterOf, type AdminRequest } from './admin-request.js';

const REQUEST_ID = 'X-Request-Id';

/** What may stand in a log line and in a header as it is. */
const SANE_TOKEN = /^[A-Za-z0-9._~:+/=@-]{1,128}$/;

/** Fastify wraps Node's response, Express extends it. */
type AnyResponse = ServerResponse | { readonly raw: ServerResponse };

/**
 * Gives every admin request an id, which is returned and logged, and logs what every write came to. It is a guard, the
 * first one, so that it also sees the requests that another guard refuses; it refuses none itself. (Middleware would
 * do as well, but gets other objects and other paths on Express than on Fastify.)
 */
@Injectable()
export class OpsAdminAudit implements CanActivate {
  private readonly logger = new Logger('OpsAdmin');

  public constructor(private readonly host: HttpAdapterHost) {}

  public canActivate(context: ExecutionContext): boolean {
    const request = adminRequest(context);
    const response = context.switchToHttp().getResponse<AnyResponse>();
    const requestId = this.requestId(request, response);
    this.host.httpAdapter.setHeader(response, REQUEST_ID, requestId);
    if (isWrite(request)) {
      const started = performance.now();
      const raw = 'raw' in response ? response.raw : response;
      raw.once('close', () => {
        this.log(request, requestId, raw, Math.round(performance.now() - started));
      });
    }
    return true;
  }

  /** The one that a host's own middleware has set, else the client's, else a new one. */
  private requestId(request: AdminRequest, response: AnyResponse): string {
    const set: unknown = this.host.httpAdapter.getHeader(response, REQUEST_ID);
    const given = [set, request.headers[REQUEST_ID.toLowerCase()]].find(
      (value): value is string => typeof value === 'string' && SANE_TOKEN.test(value),
    );
    return given ?? randomUUID();
  }

  private log(request: AdminRequest, requestId: string, response: ServerResponse, ms: number): void {
    const path = (request.originalUrl ?? request.url).replace(/\?.*$/s, '');
    const line = logfmt({
      action: `${request.method} ${path}`,
      request_id: requestId,
      who: requesterOf(request),
      // The client went away before it had the answer.
      status: response.writableFinished ? response.statusCode : 'aborted',
      ms,
    });
    if (response.statusCode >= 400) {
      this.logger.warn(line);
    } else {
      this.logger.log(line);
    }
  }
}
