import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

/** Documents an endpoint that is open to everybody, and takes nothing that could be wrong but the request itself. */
export const ApiOpenEndpoint = (summary: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary, security: [] }),
    ApiResponse({
      status: '4XX',
      description: 'No HTTP (400), or more headers than 16 KiB (431): answered by Node.js, without a body.',
    }),
  );
