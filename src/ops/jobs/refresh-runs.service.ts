import { Injectable } from '@nestjs/common';
import { RunsService, type Run } from '../runs/runs.service.js';
import type { Refresh } from './refresh.schemas.js';
import { RefreshService } from './refresh.service.js';

type Ticks = Pick<Refresh, 'refresh' | 'maintenance'>;

/** A tick may drain for hours: it says that it is alive so often, in milliseconds. */
const ALIVE_INTERVAL_MS = 15_000;
const ALIVE_SECONDS = 60;

/** Ticks on demand: in the background, one at a time on each instance, to be seen from any. */
@Injectable()
export class RefreshRuns {
  public constructor(
    private readonly runs: RunsService,
    private readonly refreshes: RefreshService,
  ) {}

  /** @throws OpsRunActiveError where this instance has one in work */
  public async request(requestedBy?: string): Promise<Refresh> {
    const id = await this.runs.start<Ticks>({
      kind: 'refresh',
      request: {},
      first: { refresh: null, maintenance: null },
      requestedBy,
      aliveSeconds: ALIVE_SECONDS,
      work: (report) => this.ticks(report),
    });
    return this.progress(id);
  }

  /** The latest ones, newest first. */
  public async list(limit = 50): Promise<Refresh[]> {
    return (await this.runs.list<object, Ticks>('refresh', limit)).map(flat);
  }

  /** @throws OpsRunNotFoundError */
  public async progress(id: string): Promise<Refresh> {
    return flat(await this.runs.read<object, Ticks>('refresh', id));
  }

  private async ticks(report: (ticks: Ticks | null) => Promise<void>): Promise<Ticks> {
    // What cannot be said now is said the next time.
    const alive = setInterval(() => void report(null).catch(() => undefined), ALIVE_INTERVAL_MS);
    try {
      const refresh = await this.refreshes.tick({ asked: true });
      await report({ refresh, maintenance: null });
      return { refresh, maintenance: await this.refreshes.maintain() };
    } finally {
      clearInterval(alive);
    }
  }
}

function flat(run: Run<object, Ticks>): Refresh {
  const { id, state, requestedBy, startedAt, finishedAt, cancelRequestedAt, error, result } = run;
  return { id, state, requestedBy, startedAt, finishedAt, cancelRequestedAt, error, ...result };
}
