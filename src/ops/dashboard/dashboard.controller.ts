import { Controller, Get, NotFoundException, Param, Req, Res, UseFilters } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { namesTag } from '../http/entity-tag.js';
import { OpsErrorFilter } from '../http/ops-error.filter.js';
import { addVary } from '../http/vary.js';
import { chosenCoding } from './content-coding.js';
import { DASHBOARD_FILES, type DashboardFile } from './dashboard-files.js';

/** What Express and Fastify requests have in common. */
interface PageRequest {
  readonly url: string;
  readonly headers: { readonly 'if-none-match'?: string; readonly 'accept-encoding'?: string };
}

/** And their responses: Nest's adapters know no bytes but as a stream. */
interface PageResponse {
  send(bytes: Buffer): unknown;
}

const PAGE = 'index.html';

/** The page names its assets by their content: it is asked for each time, and they never again. */
const CACHE_PAGE = 'no-cache';
const CACHE_ASSET = 'public, max-age=31536000, immutable';

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
  public page(@Req() request: PageRequest, @Res() response: PageResponse): void {
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
    this.send(request, response, DASHBOARD_FILES.get(PAGE), CACHE_PAGE);
  }

  @Get('assets/:name')
  public asset(
    @Param('name') name: string,
    @Req() request: PageRequest,
    @Res() response: PageResponse,
  ): void {
    this.send(request, response, name === PAGE ? undefined : DASHBOARD_FILES.get(name), CACHE_ASSET);
  }

  private send(
    request: PageRequest,
    response: PageResponse,
    file: DashboardFile | undefined,
    caching: string,
  ): void {
    if (file === undefined) {
      throw new NotFoundException('The dashboard has no such file.');
    }
    const { httpAdapter } = this.host;
    const coding = chosenCoding(request.headers['accept-encoding']);
    const { bytes, etag } = file.bodies[coding];
    for (const [name, value] of [
      ['Content-Security-Policy', CONTENT_SECURITY_POLICY],
      ['X-Content-Type-Options', 'nosniff'],
      ['Referrer-Policy', 'no-referrer'],
      ['Cache-Control', caching],
      ['ETag', etag],
    ] as const) {
      httpAdapter.setHeader(response, name, value);
    }
    addVary(httpAdapter, response, 'Accept-Encoding');
    if (namesTag(request.headers['if-none-match'], etag)) {
      httpAdapter.reply(response, '', 304);
      return;
    }
    httpAdapter.setHeader(response, 'Content-Type', file.contentType);
    if (coding !== 'identity') {
      // A host that compresses leaves alone what is coded already.
      httpAdapter.setHeader(response, 'Content-Encoding', coding);
    }
    response.send(bytes);
  }
}
