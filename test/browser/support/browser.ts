import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { GatewayProcess } from './gateway-process.js';

const CHROMIUM = process.env.OPS_TEST_CHROMIUM ?? '/usr/bin/chromium-headless-shell';
const FLAGS = [
  '--no-sandbox', // root has no user namespace to put the sandbox in; it only ever sees this page
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE_MS = 20_000;

/** A suite that needs a browser: skipped where there is none, and its title says so. */
export function describeInBrowser(title: string, suite: () => void): void {
  if (existsSync(CHROMIUM)) {
    describe(title, suite);
  } else {
    describe.skip(`${title} (skipped: there is no ${CHROMIUM})`, suite);
  }
}

export interface OpenOptions extends BrowserContextOptions {
  readonly query?: string;
  /** False stays at the sign-in. */
  readonly signedIn?: boolean;
}

/** A gateway and a browser for one test file. */
export class DashboardFixture {
  private constructor(
    public readonly gateway: GatewayProcess,
    private readonly browser: Browser,
  ) {}

  /** @param rows of sample traffic */
  public static async start(label: string, rows?: number): Promise<DashboardFixture> {
    const gateway = await GatewayProcess.start(label, rows);
    try {
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
      return new DashboardFixture(gateway, browser);
    } catch (error) {
      await gateway.stop();
      throw error;
    }
  }

  public async stop(): Promise<void> {
    await this.browser.close();
    await this.gateway.stop();
  }

  /** A tab of its own, without anything stored, that records what it complains about. */
  public async open({ query = '', signedIn = true, ...options }: OpenOptions = {}): Promise<Dashboard> {
    const context = await this.browser.newContext({
      viewport: { width: 1360, height: 900 },
      timezoneId: 'America/New_York',
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const dashboard = new Dashboard(page, this.gateway);
    await page.goto(`${this.gateway.url}/ops${query}`);
    if (signedIn) {
      await dashboard.signIn(this.gateway.token);
      await dashboard.settled();
    }
    return dashboard;
  }
}

export class Dashboard {
  /** Errors and warnings of the console, policy violations among them, and exceptions nobody caught. */
  public readonly complaints: string[] = [];

  public constructor(
    public readonly page: Page,
    private readonly gateway: GatewayProcess,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => {
      this.complaints.push(error.message);
    });
  }

  public async signIn(token: string): Promise<void> {
    await this.page.getByLabel('Admin token').fill(token);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Until what was asked for last is shown. */
  public async settled(state: 'ready' | 'error' = 'ready'): Promise<void> {
    await this.page.waitForSelector(`body[data-state="${state}"]`);
  }

  /** Signs in where {@link OpenOptions.signedIn} was false, once the answers are as the test wants them. */
  public async enter(): Promise<void> {
    await this.signIn(this.gateway.token);
    await this.settled();
  }

  /** Has everything asked for anew, as going back and forth does. */
  public async refresh(): Promise<void> {
    await this.page.evaluate("dispatchEvent(new PopStateEvent('popstate'))");
  }

  public async query(): Promise<URLSearchParams> {
    return new URLSearchParams(await this.page.evaluate<string>('location.search'));
  }

  /** The rows of a table, as text; the first cell is the row's head. */
  public async rows(selector: string): Promise<string[][]> {
    const rows = await this.page.locator(`${selector} tbody tr`).all();
    return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
  }

  public async close(): Promise<void> {
    await this.page.context().close();
  }

  /** The fixed range of the sample traffic, as a query string. */
  public static rangeQuery(rest: Record<string, string> = {}): string {
    return `?${new URLSearchParams({ ...GatewayProcess.range, ...rest }).toString()}`;
  }

  /** Start of the nth hour of that range, from 0: ISO 8601 in UTC. */
  public static hourOfRange(hour: number): string {
    return new Date(Date.parse(GatewayProcess.range.from) + hour * 3_600_000).toISOString();
  }

  /** What an admin endpoint says about that range. */
  public async answer<T>(
    path: string,
    query: Readonly<Record<string, string | readonly string[]>> = {},
  ): Promise<T> {
    return this.gateway.call<T>(path, { ...GatewayProcess.range, ...query });
  }
}
