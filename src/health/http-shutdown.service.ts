import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** How long requests under way may take once the app is asked to stop; event streams never end by themselves. */
const GRACE_MS = 5_000;
const POLL_MS = 50;

/**
 * The first thing to stop: nothing new is accepted, from the first shutdown hook on. Nest itself closes the server only
 * after the hooks that wait for the running day, and would take new requests (a rebuild, say) all that time. Requests
 * that come on a connection that is open already are answered 503 (`return503OnClosing`), readiness included.
 *
 * Then come, in this order: the running day and the requests under way; what is left of the connections; the pool;
 * the embedded server.
 */
@Injectable()
export class HttpShutdown implements OnModuleDestroy, BeforeApplicationShutdown {
  private closed: Promise<unknown> = Promise.resolve();
  private stopping = false;

  public constructor(private readonly host: HttpAdapterHost) {}

  public onModuleDestroy(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    if (this.stopping || !server.listening) {
      return;
    }
    this.stopping = true;
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    this.closed = Promise.race([closed, this.closeIdleConnections(server)]);
  }

  public async beforeApplicationShutdown(): Promise<void> {
    await this.closed;
  }

  /** A connection that had a request under way stays open after its answer: server.close() closed the idle ones once. */
  private async closeIdleConnections(server: Server): Promise<void> {
    for (let waited = 0; waited < GRACE_MS; waited += POLL_MS) {
      server.closeIdleConnections();
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }
}
