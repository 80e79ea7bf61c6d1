import { html, type TemplateResult } from 'lit-html';
import type { Measures, Overview, Trend } from '../../read/read.types.js';
import { compact, milliseconds, NOTHING, percent, perSecond, slaPercent, span } from './format.js';
import { sparkline } from './sparkline.js';
import { endAligned } from './templates.js';
import { errorDetails, latencyDetails, rateDetails, slaDetails, type Detail } from './tile-details.js';
import type { Zone } from './zone.js';

interface TileSpec {
  readonly id: string;
  readonly label: string;
  /** What it is, in full. */
  readonly title: string;
  readonly value: (measures: Measures) => number | null;
  readonly format: (value: number | null) => string;
  readonly details: (overview: Overview, zone: Zone) => readonly Detail[];
  /** Of one point of the trend, where that is not the same measure as the range's. */
  readonly point?: (measures: Measures) => number | null;
  /** Shares are compared by difference, in percentage points, and everything else by ratio. */
  readonly share?: boolean;
  /** Which direction is good; traffic is neither. */
  readonly better: 'up' | 'down' | null;
}

const TILES: readonly TileSpec[] = [
  {
    id: 'sla',
    label: 'SLA',
    title: 'Successful requests among those that count for the SLA: business-limited errors do not',
    value: (m) => m.sla,
    format: slaPercent,
    details: slaDetails,
    share: true,
    better: 'up',
  },
  {
    id: 'error-rate',
    label: 'Error rate',
    title: 'Errors of every kind that clients saw, among all requests',
    value: (m) => m.errorRate,
    format: percent,
    details: errorDetails,
    share: true,
    better: 'down',
  },
  {
    id: 'requests',
    label: 'Requests',
    title: 'Requests per second, errors included',
    value: (m) => m.requestsPerSecond,
    format: perSecond,
    details: rateDetails('requests'),
    better: null,
  },
  {
    id: 'duration',
    label: 'Duration p95',
    title: '95th percentile of the duration of whole successful requests',
    value: (m) => m.duration.p95,
    format: milliseconds,
    details: latencyDetails('duration'),
    better: 'down',
  },
  {
    id: 'ttft',
    label: 'TTFT p95',
    title: '95th percentile of the time to the first token of streamed requests',
    value: (m) => m.ttft.p95,
    format: milliseconds,
    details: latencyDetails('ttft'),
    better: 'down',
  },
  {
    id: 'tokens',
    label: 'Tokens',
    title: 'Input, output and cache tokens',
    value: (m) => Number(m.tokenConsumed),
    point: (m) => m.tokensPerSecond,
    format: compact,
    details: rateDetails('tokens'),
    better: null,
  },
];

/** The first glance: six numbers, each with its change against the period of equal length before. */
export function tiles(overview: Overview, trend: Trend | null, zone: Zone): TemplateResult[] {
  const against = `the ${span(Date.parse(overview.to) - Date.parse(overview.from), 60)} before`;
  return TILES.map((spec) => {
    const now = spec.value(overview);
    // Against a period of which hours are missing, everything would seem to have grown.
    const before = overview.previous.missingHours > 0 ? null : spec.value(overview.previous);
    const change = changeOf(spec, now, before);
    return html`<li class="tile" data-tile=${spec.id}>
      <span class="tile-label" title=${spec.title}>${spec.label}</span>
      <span class="tile-value">${spec.format(now)}</span>
      <span class="tile-change ${change.verdict}" title="Against ${against}">
        ${endAligned(change.text)}<span class="visually-hidden"> ${change.spoken} against ${against}</span>
      </span>
      <dl class="tile-details">
        ${spec.details(overview, zone).map(
          ([label, value, title]) =>
            html`<dt title=${title}>${label}</dt>
              <dd>${endAligned(value)}</dd>`,
        )}
      </dl>
      ${sparkline((trend?.points ?? []).map(spec.point ?? spec.value))}
    </li>`;
  });
}

interface Change {
  readonly text: string;
  readonly verdict: 'good' | 'bad' | 'neutral';
  readonly spoken: string;
}

/** Shares move by hundredths of a point and ratios by halves of a percent before a change is called one. */
function changeOf({ share, better }: TileSpec, now: number | null, before: number | null): Change {
  if (now === null || before === null || (share !== true && before === 0)) {
    return { text: NOTHING, verdict: 'neutral', spoken: 'no comparison' };
  }
  const change = share === true ? (now - before) * 100 : (now / before - 1) * 100;
  const [threshold, digits, unit] = share === true ? [0.005, 2, '\u00a0pp'] : [0.5, 0, '\u00a0%'];
  if (Math.abs(change) < threshold) {
    return { text: '= steady', verdict: 'neutral', spoken: '' };
  }
  const direction = change > 0 ? 'up' : 'down';
  const size = Math.abs(change) >= 1000 ? '>999' : Math.abs(change).toFixed(digits);
  const verdict = better === null ? 'neutral' : better === direction ? 'good' : 'bad';
  const word = verdict === 'good' ? ', better,' : verdict === 'bad' ? ', worse,' : '';
  return {
    text: `${direction === 'up' ? '▲' : '▼'} ${size}${unit}`,
    verdict,
    spoken: `${direction}${word}`,
  };
}
