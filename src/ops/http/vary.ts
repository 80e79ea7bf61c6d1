import type { AbstractHttpAdapter } from '@nestjs/core';

/** Adds to the headers of a request that an answer depends on, beside those that the host has named. */
export function addVary(adapter: AbstractHttpAdapter, response: unknown, names: string): void {
  const vary = adapter.getHeader(response, 'Vary') as string | string[] | undefined;
  adapter.setHeader(response, 'Vary', [vary ?? [], names].flat().join(', '));
}
