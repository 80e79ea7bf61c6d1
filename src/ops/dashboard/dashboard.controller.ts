import { Controller, Get, NotFoundException, Param, Req, Res, UseFilters } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { namesTag } from '../http/entity-tag.js';
import { OpsErrorFilter } from '../http/ops-error.filter.js';
import { DASHBOARD_FILES, type DashboardFile } from './dashboard-files.js';

/** What Express and Fastify requests have in common. */
interface PageRequest {
  readonly url: string;
  readonly headers: { readonly 'if-none-match'?: string };
}

const PAGE = 'index.html';

/** Nothing inline, nothing foreign; set here, so that it holds whatever the host sets for its own pages. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The dashboard. The page itself is public, and has no data in it: every number it shows comes from the admin
 * endpoints, with the token that the operator gives it. All its URLs are relative, for any global prefix.
 */
@Controller('ops')
@UseFilters(OpsErrorFilter)
@ApiExcludeController()
export class DashboardController {
  public constructor(private readonly host: HttpAdapterHost) {}

  @Get()
  public page(@Req() request: PageRequest, @Res() response: unknown): void {
    const [path = '', query] = request.url.split('?', 2);
    if (path.endsWith('/')) {
      // Relative to /ops/ the assets would be looked for at /ops/ops/assets.
      this.host.httpAdapter.setHeader(
        response,
        'Location',
        `../ops${query === undefined ? '' : `?${query}`}`,
      );
      this.host.httpAdapter.reply(response, '', 308);
      return;
    }
    this.send(request, response, DASHBOARD_FILES.get(PAGE));
  }

  @Get('assets/:name')
  public asset(@Param('name') name: string, @Req() request: PageRequest, @Res() response: unknown): void {
    this.send(request, response, name === PAGE ? undefined : DASHBOARD_FILES.get(name));
  }

  private send(request: PageRequest, response: unknown, file: DashboardFile | undefined): void {
    if (file === undefined) {
      throw new NotFoundException('The dashboard has no such file.');
    }
    const { httpAdapter } = this.host;
    for (const [name, value] of [
      ['Content-Security-Policy', CONTENT_SECURITY_POLICY],
      ['X-Content-Type-Options', 'nosniff'],
      ['Referrer-Policy', 'no-referrer'],
      ['Cache-Control', 'no-cache'],
      ['ETag', file.etag],
    ] as const) {
      httpAdapter.setHeader(response, name, value);
    }
    if (namesTag(request.headers['if-none-match'], file.etag)) {
      httpAdapter.reply(response, '', 304);
      return;
    }
    httpAdapter.setHeader(response, 'Content-Type', file.contentType);
    httpAdapter.reply(response, file.body, 200);
  }
}
