import { html, type TemplateResult } from 'lit-html';
import type { Overview, Trend } from '../../read/read.types.js';
import { milliseconds, percent } from './format.js';
import { plainPercent, type Objectives, type Verdict } from './health.js';
import type { Host } from './host.js';
import { button } from './templates.js';
import { tiles } from './tiles.js';

/** The verdict and the tiles; null until they are known. */
export function glance(
  verdict: Verdict | null,
  overview: Overview | null,
  trend: Trend | null,
  host: Host,
): TemplateResult {
  const { objectives } = host;
  const culprit = verdict?.culprit;
  return html`<div id="verdict" class="verdict" data-level=${verdict?.level ?? 'unknown'}>
      <span class="verdict-icon" aria-hidden="true"></span>
      <p>
        <strong role="status">${verdict === null ? 'Loading…' : `${verdict.title}:`}</strong>
        <span>${verdict?.detail}</span>
      </p>
      ${
        culprit &&
        button(
          `${percent(culprit.share)} of SLA errors on ${culprit.platform}: show it`,
          host.to({ platforms: [culprit.platform], groups: [] }),
          { classes: 'quiet' },
        )
      }
      <details class="criteria">
        <summary>How this is judged</summary>
        <ul>
          ${objectives && criteria(objectives).map((text) => html`<li>${text}</li>`)}
        </ul>
      </details>
    </div>
    <ul class="tiles">
      ${tiles(overview, trend, host)}
    </ul>`;
}

function criteria(objectives: Objectives): string[] {
  const { sla, upstreamErrorRate, slowdown, durationP95Ms, ttftP95Ms, fewestRequests, fewestSamples } =
    objectives;
  const latency = (name: string, limits: Objectives['durationP95Ms']): string[] => {
    const [from, to] = [limits?.degraded, limits?.critical].map(milliseconds);
    return limits ? [`p95 of ${name}: degraded above ${from}, critical above ${to}.`] : [];
  };
  return [
    `SLA (business-limited errors do not count): degraded below ${plainPercent(sla.degraded)}, critical below ${plainPercent(sla.critical)}.`,
    `Provider errors, hidden ones included: degraded above ${plainPercent(upstreamErrorRate.degraded)} of requests, critical above ${plainPercent(upstreamErrorRate.critical)}.`,
    ...latency('duration', durationP95Ms),
    ...latency('TTFT', ttftP95Ms),
    `p95 of duration or TTFT: degraded above ${slowdown.degraded} times the preceding period of equal length, critical above ${slowdown.critical} times.`,
    `Fewer than ${fewestRequests} requests, and p95 of fewer than ${fewestSamples} samples, are not judged.`,
  ];
}
