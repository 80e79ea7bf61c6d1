import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { OpsJobs } from '../ops/index.js';
import { shutdownStep } from '../server/shutdown.js';

/** How long requests under way may take once the running day is done. */
const GRACE_MS = 5_000;
const POLL_MS = 50;

/**
 * The first thing to stop: nothing new is accepted, from the first shutdown hook on. Nest itself closes the server only
 * after the hooks that wait for the running day, and would take new requests (a rebuild, say) all that time. Requests
 * that come on a connection that is open already are answered 503 (`return503OnClosing`), readiness included.
 *
 * Then come, in this order: the running day; the requests under way; what is left of the connections; the pool; the
 * embedded server.
 */
@Injectable()
export class HttpShutdown implements OnModuleDestroy, BeforeApplicationShutdown {
  private closed: Promise<void> | undefined;
  private waiting = true;

  public constructor(
    private readonly host: HttpAdapterHost,
    private readonly modules: ModuleRef,
  ) {}

  public onModuleDestroy(): void {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    if (this.closed !== undefined || !server.listening) {
      return;
    }
    this.closed = new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    void this.closeIdleConnections(server);
  }

  public async beforeApplicationShutdown(): Promise<void> {
    // A request may wait for the running day, whichever module's hook comes first.
    await shutdownStep('the jobs', this.modules.get(OpsJobs, { strict: false }).stop());
    const closed = Promise.race([this.closed, sleep(GRACE_MS, undefined, { ref: false })]);
    await shutdownStep('requests', closed);
    this.waiting = false;
  }

  /** server.close() closes the idle ones once; one that had a request under way stays open after its answer. */
  private async closeIdleConnections(server: Server): Promise<void> {
    while (this.waiting) {
      server.closeIdleConnections();
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }
}
