import { afterEach, expect } from '@jest/globals';
import { OPS_TABLES } from '../../src/ops/definitions/ops-tables.js';
import { liveMinutes } from '../../src/ops/invalidation/sql/live.sql.js';
import { DatabaseScene, type DatabaseSettings } from './database-scene.js';
import * as audit from './drain-audit.js';
import { eventually } from './eventually.js';
import { endGatewayProcesses, GatewayProcess } from './gateway-process.js';
import { expectRight, settled } from './rollup-check.js';
import { INSERT_BOTH, spoilMetrics, writeTraffic } from './traffic.js';

export interface ProcessTraffic {
  readonly days: number;
  readonly rows: number;
  readonly seed: number;
  /** Whether a gateway rolls it up first. */
  readonly drained?: boolean;
}

/** Sample traffic of some days up to the running hour, whose drains are written down, for gateways that are processes. */
export class ProcessScene extends DatabaseScene {
  public from = new Date(0);
  /** Start of the running hour when the file began. */
  public end = new Date(0);

  public constructor(
    label: string,
    private readonly traffic: ProcessTraffic,
    settings: DatabaseSettings = {},
  ) {
    super(label, settings);
    afterEach(endGatewayProcesses);
  }

  /** Starts a gateway, and waits until it listens; it ends with the test at the latest. */
  public start(name: string, env: Record<string, string> = {}, url = this.url): Promise<GatewayProcess> {
    return GatewayProcess.start(url, name, env);
  }

  /** Writes the traffic; from then on drains are written down, and each is `pause` seconds slower. */
  public async fill(pause = 0): Promise<void> {
    const { rows, seed, drained } = this.traffic;
    await writeTraffic(this.dataSource, { from: this.from, to: this.end, rows, seed });
    await audit.auditDrains(this.dataSource, pause);
    if (drained === true) {
      await this.start('first');
      await this.settled();
      await endGatewayProcesses();
    }
  }

  /** Makes each statement that computes hours so many seconds slower. */
  public pause(seconds: number): Promise<void> {
    return audit.setPause(this.dataSource, seconds);
  }

  /** Makes stored rows wrong in every way that a rebuild has to mend. */
  public spoil(): Promise<void> {
    return spoilMetrics(this.dataSource);
  }

  /** One row in each raw table, late. */
  public async insertLate(at: Date): Promise<void> {
    await this.query(INSERT_BOTH, [[at.toISOString()]]);
  }

  public held(instance: string): Promise<audit.HeldDay[]> {
    return audit.heldDays(this.dataSource, instance);
  }

  /** Waits until an instance has days in work. */
  public async draining(instance: string): Promise<audit.HeldDay[]> {
    return eventually(async () => {
      const days = await this.held(instance);
      return days.length > 0 ? days : null;
    }, 'draining');
  }

  public pendingDays(): Promise<Map<string, number>> {
    return audit.pendingDays(this.dataSource, this.end);
  }

  /** Waits until everything is drained. */
  public settled(): Promise<void> {
    return settled(this.dataSource, this.end);
  }

  /**
   * Once everything is drained and every gateway has ended: all is right, minutes included, which are complete, and no
   * hour was computed twice at once.
   */
  public async expectRightAtTheEnd(): Promise<void> {
    await this.settled();
    await eventually(async () => {
      const [live] = await this.query<{ complete: boolean | null }>(
        `SELECT minutes_from < $1::timestamptz - interval '70 hours' AND live_through >= $1::timestamptz AS complete
           FROM ${liveMinutes(OPS_TABLES)} l`,
        [this.end],
      );
      return live?.complete === true;
    }, 'complete minutes');
    await endGatewayProcesses();
    expect(await audit.concurrentComputations(this.dataSource)).toEqual([]);
    await expectRight(this.url, this.from, this.end);
  }

  protected override async open(): Promise<void> {
    await super.open();
    this.from = await this.ago(this.traffic.days * 24);
    this.end = await this.ago(0);
  }
}
