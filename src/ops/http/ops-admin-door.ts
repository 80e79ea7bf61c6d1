import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { HttpException, HttpStatus, Injectable, Logger } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { logfmt } from '../common/logfmt.js';
import { admit, requesterOf, type AdminRequest } from './admin-request.js';
import { RefusalDelays, RETRY_AFTER_SECONDS } from './refusal-delays.js';

const REQUEST_ID = 'X-Request-Id';

/** What may stand in a log line and in a header as it is. */
const SANE_TOKEN = /^[A-Za-z0-9._~:+/=@-]{1,128}$/;

/** Fastify wraps Node's response, Express extends it. */
export type AnyResponse = ServerResponse | { readonly raw: ServerResponse };

const entered = new WeakSet<ServerResponse>();

/**
 * What every admin request passes, wherever it is met first: the module's guard, or before it a middleware of the
 * host that refuses requests before their body is read.
 */
@Injectable()
export class OpsAdminDoor {
  private readonly logger = new Logger('OpsAdmin');

  public constructor(
    private readonly host: HttpAdapterHost,
    private readonly delays: RefusalDelays,
  ) {}

  /**
   * Gives the request an id, which is returned and logged, keeps its answer out of every cache, unless its route says
   * otherwise, and logs what it came to; once, however often it is called.
   */
  public enter(request: AdminRequest, response: AnyResponse): void {
    const raw = 'raw' in response ? response.raw : response;
    if (entered.has(raw)) {
      return;
    }
    entered.add(raw);
    const started = performance.now();
    const requestId = this.requestId(request, response);
    this.host.httpAdapter.setHeader(response, REQUEST_ID, requestId);
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    raw.once('close', () => {
      this.log(request, requestId, raw, Math.round(performance.now() - started));
    });
  }

  /**
   * Asks whether the request may pass. A refusal is counted, and answered the later the more of them the address has.
   *
   * @param question throws, or resolves to false, where it may not
   * @throws HttpException 429, with Retry-After in seconds, and what the question throws
   */
  public async ask(
    request: AdminRequest,
    response: AnyResponse,
    question: () => boolean | Promise<boolean>,
  ): Promise<boolean> {
    const address = request.ip ?? 'unknown';
    if (this.delays.refusesUnseen(address)) {
      throw this.tooMany(response);
    }
    try {
      const admitted = await question();
      if (admitted) {
        admit(request);
      } else {
        await this.delays.refuse(address);
      }
      return admitted;
    } catch (error) {
      if (isRefusal(error)) {
        await this.delays.refuse(address);
      }
      throw error;
    }
  }

  private tooMany(response: AnyResponse): HttpException {
    this.host.httpAdapter.setHeader(response, 'Retry-After', String(RETRY_AFTER_SECONDS));
    return new HttpException(
      `Too many requests of this address were refused: try again in ${RETRY_AFTER_SECONDS} s.`,
      HttpStatus.TOO_MANY_REQUESTS,
    );
  }

  /** The one that a host's own middleware has set, else the client's, else a new one. */
  private requestId(request: AdminRequest, response: AnyResponse): string {
    const set: unknown = this.host.httpAdapter.getHeader(response, REQUEST_ID);
    const given = [set, request.headers[REQUEST_ID.toLowerCase()]].find(
      (value): value is string => typeof value === 'string' && SANE_TOKEN.test(value),
    );
    return given ?? randomUUID();
  }

  /** Without the query: a host may take secrets in it. */
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

function isRefusal(error: unknown): boolean {
  const refused: readonly number[] = [HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN];
  return error instanceof HttpException && refused.includes(error.getStatus());
}
