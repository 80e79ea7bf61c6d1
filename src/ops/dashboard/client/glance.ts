import type { Breakdown, Overview, Trend } from '../../read/read.types.js';
import { byId, el, setText } from './dom.js';
import { percent } from './format.js';
import { judge, THRESHOLDS } from './health.js';
import { renderTiles } from './tiles.js';

/** The verdict and the six tiles. */
export class Glance {
  private readonly verdict = byId('verdict', HTMLElement);
  private readonly culprit = byId('culprit', HTMLButtonElement);
  private platform: string | null = null;

  public constructor(onPlatform: (platform: string) => void) {
    byId('criteria', HTMLUListElement).replaceChildren(...criteria().map((text) => el('li', {}, text)));
    this.culprit.addEventListener('click', () => {
      if (this.platform !== null) {
        onPlatform(this.platform);
      }
    });
  }

  /** Null is not known, or not yet. */
  public show(overview: Overview | null, platforms: Breakdown | null, trend: Trend | null): void {
    if (overview === null) {
      return;
    }
    const { level, title, detail, culprit } = judge(overview, platforms);
    this.verdict.dataset.level = level;
    setText(byId('verdict-title', HTMLElement), `${title}:`);
    setText(byId('verdict-detail', HTMLElement), detail);
    this.platform = culprit?.platform ?? null;
    this.culprit.hidden = culprit === null;
    setText(
      this.culprit,
      culprit === null ? '' : `${percent(culprit.share)} of SLA errors on ${culprit.platform}: show it`,
    );
    document.title = `${title} · Operations`;
    renderTiles(byId('tiles', HTMLUListElement), overview, trend);
  }
}

function criteria(): string[] {
  const share = (value: number): string => `${Math.round(value * 100)}\u00a0%`;
  const { sla, upstreamErrorRate, slowdown, fewestRequests, fewestSamples } = THRESHOLDS;
  return [
    `SLA (business-limited errors do not count): degraded below ${share(sla.degraded)}, critical below ${share(sla.critical)}.`,
    `Provider errors, hidden ones included: degraded above ${share(upstreamErrorRate.degraded)} of requests, critical above ${share(upstreamErrorRate.critical)}.`,
    `p95 of duration or TTFT: degraded from ${slowdown.degraded} times the preceding period of equal length, critical from ${slowdown.critical} times; with at least ${fewestSamples} samples in both.`,
    `Fewer than ${fewestRequests} requests are not judged.`,
  ];
}
