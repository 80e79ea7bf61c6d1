import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

export const createAdapter = (): AbstractHttpAdapter => new ExpressAdapter();
