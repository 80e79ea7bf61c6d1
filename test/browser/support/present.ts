import type { Page, Route } from 'playwright-core';
import type { Dashboard, DashboardFixture, OpenOptions } from './browser.js';
import { GatewayProcess } from './gateway-process.js';

/** The real answers hold as much as a test wants to see: numbers of one digit up to many, and back. */
const FACTORS = [1, 17, 0.4, 1900, 3, 250];
/** Shares, which no factor may take past 1; and what would turn the verdict. */
const SHARES: Readonly<Record<string, (turn: number) => number>> = {
  sla: (turn) => 0.99 + (turn % 4) * 0.0033,
  errorRate: (turn) => (turn % 3) * 0.0104,
  upstreamErrorRate: (turn) => (turn % 5) * 0.00997,
};

/** What an overview says of the present. */
export interface Present {
  readonly recent: 'minutes' | 'raw' | null;
  readonly current: { at: string; requestsPerSecond: number; tokensPerSecond: number } | null;
  readonly peakMinuteRequestsPerSecond: number | null;
  readonly peakMinuteTokensPerSecond: number | null;
}

/**
 * The dashboard at the end of the sample traffic, as its server's clock and its own tell it, with a clock that stands
 * still until the test moves it. The answers are the gateway's, with other numbers each turn.
 */
export class StubbedPresent {
  /** How many refreshes there have been; the numbers follow from it. */
  public turn = 0;
  public present: Present = {
    recent: 'minutes',
    current: null,
    peakMinuteRequestsPerSecond: null,
    peakMinuteTokensPerSecond: null,
  };
  /** The last part of an address that is refused with 500. */
  public failing: string | null = null;
  /** Last parts of the addresses asked for, since the test emptied it. */
  public readonly asked: string[] = [];
  private time = Date.parse(GatewayProcess.range.to);

  private constructor(public readonly dashboard: Dashboard) {}

  public static async open(
    fixture: DashboardFixture,
    query: string,
    options: OpenOptions = {},
  ): Promise<StubbedPresent> {
    const dashboard = await fixture.open({ ...options, query, signedIn: false });
    const stub = new StubbedPresent(dashboard);
    await stub.page.clock.install({ time: stub.time - 1000 });
    await stub.page.clock.pauseAt(stub.time);
    // A request that the page has given up, or that ends with it, cannot be answered any more.
    await stub.page.route('**/admin/ops/**', (route) => stub.answer(route).catch(() => undefined));
    await dashboard.signIn(fixture.gateway.token);
    await dashboard.settled();
    return stub;
  }

  public get page(): Page {
    return this.dashboard.page;
  }

  /** The instant that the answers are of; milliseconds since 1970. */
  public get asOf(): number {
    return this.time - 5000;
  }

  /** Moves the clocks on by so many seconds. */
  public async pass(seconds: number): Promise<void> {
    this.turn += 1;
    this.time += seconds * 1000;
    await this.page.clock.runFor(seconds * 1000);
  }

  /** Until what is shown is of this turn, and nothing is under way. */
  public async refreshed(): Promise<void> {
    const time = new Date(this.asOf).toISOString().slice(11, 19);
    await this.page.locator('#as-of', { hasText: `as of ${time}` }).waitFor();
    await this.dashboard.settled();
  }

  private async answer(route: Route): Promise<void> {
    const url = new URL(route.request().url());
    const part = url.pathname.split('/').at(-1) ?? '';
    this.asked.push(part);
    if (part === this.failing) {
      await route.fulfill({ status: 500, json: { code: 'X', message: 'Refused by the test.', field: null } });
      return;
    }
    const response = await route.fetch();
    const answer = this.changed(await response.json(), '') as Record<string, object>;
    if (part === 'status') {
      Object.assign(answer, { now: new Date(this.time).toISOString() });
    } else if (part === 'overview') {
      const { recent, ...rest } = this.present;
      Object.assign(answer, rest);
      Object.assign(answer.freshness ?? {}, { recent, asOf: new Date(this.asOf).toISOString() });
    }
    await route.fulfill({ response, json: answer });
  }

  private changed(value: unknown, key: string): unknown {
    if (key === 'objectives') {
      return value;
    }
    const share = SHARES[key];
    if (typeof value === 'number') {
      const scaled = value * (FACTORS[this.turn % FACTORS.length] ?? 1);
      return share?.(this.turn) ?? (Number.isInteger(value) ? Math.round(scaled) : scaled);
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.changed(item, ''));
    }
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.changed(item, name)]))
      : value;
  }
}
