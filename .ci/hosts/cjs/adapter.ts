import type { AbstractHttpAdapter } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export const createAdapter = (): AbstractHttpAdapter => new FastifyAdapter();
