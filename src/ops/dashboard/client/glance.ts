import { html, nothing, type TemplateResult } from 'lit-html';
import type { Overview, Trend } from '../../read/read.types.js';
import { percent } from './format.js';
import { THRESHOLDS, type Verdict } from './health.js';
import type { Host } from './host.js';
import { button, type Content } from './templates.js';
import { tiles } from './tiles.js';

/** The verdict and the tiles; null until they are known. */
export function glance(
  verdict: Verdict | null,
  overview: Overview | null,
  trend: Trend | null,
  host: Host,
): TemplateResult {
  return html`<div id="verdict" class="verdict" data-level=${verdict?.level ?? 'unknown'}>
      <span class="verdict-icon" aria-hidden="true"></span>
      <p>
        <strong role="status">${verdict === null ? 'Loading…' : `${verdict.title}:`}</strong>
        <span>${verdict?.detail}</span>
      </p>
      ${culpritButton(verdict?.culprit ?? null, host.to)}
      <details class="criteria">
        <summary>How this is judged</summary>
        <ul>
          ${CRITERIA.map((text) => html`<li>${text}</li>`)}
        </ul>
      </details>
    </div>
    <ul class="tiles">
      ${tiles(overview, trend, host)}
    </ul>`;
}

function culpritButton(culprit: Verdict['culprit'], to: Host['to']): Content {
  if (culprit === null) {
    return nothing;
  }
  const { platform, share } = culprit;
  const text = `${percent(share)} of SLA errors on ${platform}: show it`;
  return button(text, to({ platforms: [platform], groups: [] }), { classes: 'quiet' });
}

const whole = (share: number): string => `${Math.round(share * 100)}\u00a0%`;
const { sla, upstreamErrorRate, slowdown, fewestRequests, fewestSamples } = THRESHOLDS;
const CRITERIA = [
  `SLA (business-limited errors do not count): degraded below ${whole(sla.degraded)}, critical below ${whole(sla.critical)}.`,
  `Provider errors, hidden ones included: degraded above ${whole(upstreamErrorRate.degraded)} of requests, critical above ${whole(upstreamErrorRate.critical)}.`,
  `p95 of duration or TTFT: degraded from ${slowdown.degraded} times the preceding period of equal length, critical from ${slowdown.critical} times; with at least ${fewestSamples} samples in both.`,
  `Fewer than ${fewestRequests} requests are not judged.`,
];
