import { html, nothing, type TemplateResult } from 'lit-html';
import type { Measures, Overview, Trend } from '../../read/read.types.js';
import {
  compact,
  milliseconds,
  money,
  NOTHING,
  percent,
  perSecond,
  slaPercent,
  span,
  tokenRate,
} from './format.js';
import { slaLevel } from './health.js';
import type { Host } from './host.js';
import { known, unsplitNote } from './slices.js';
import { sparkline } from './sparkline.js';
import { endAligned } from './templates.js';
import {
  cacheDetails,
  costDetails,
  errorDetails,
  latencyDetails,
  rateDetails,
  slaDetails,
  speedDetails,
  type Detail,
} from './tile-details.js';
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
  /** Not known of what was rolled up before it was kept. */
  readonly split?: boolean;
  /** Shares are compared by difference, in percentage points, and everything else by ratio. */
  readonly share?: boolean;
  /** Which direction is good; traffic is neither. */
  readonly better: 'up' | 'down' | null;
}

const TILES: readonly TileSpec[] = [
  {
    ...{ id: 'sla', label: 'SLA', better: 'up', share: true, format: slaPercent, details: slaDetails },
    title: 'Successful requests among those that count for the SLA: business-limited errors do not',
    value: (m) => m.sla,
  },
  {
    ...{ id: 'error-rate', label: 'Error rate', better: 'down', share: true, format: percent },
    title: 'Errors of every kind that clients saw, among all requests',
    ...{ value: (m) => m.errorRate, details: errorDetails },
  },
  {
    ...{ id: 'requests', label: 'Requests', better: null, format: perSecond },
    title: 'Requests per second, errors included',
    ...{ value: (m) => m.requestsPerSecond, details: rateDetails('requests') },
  },
  {
    ...{ id: 'duration', label: 'Duration p95', better: 'down', format: milliseconds },
    title: '95th percentile of the duration of whole successful requests',
    ...{ value: (m) => m.duration.p95, details: latencyDetails('duration') },
  },
  {
    ...{ id: 'ttft', label: 'TTFT p95', better: 'down', format: milliseconds },
    title: '95th percentile of the time to the first token of streamed requests',
    ...{ value: (m) => m.ttft.p95, details: latencyDetails('ttft') },
  },
  {
    ...{ id: 'tokens', label: 'Tokens', better: null, format: compact },
    title: 'Input, output and cache tokens',
    ...{ value: (m) => Number(m.tokenConsumed), details: rateDetails('tokens') },
    point: (m) => m.tokensPerSecond,
  },
  {
    ...{ id: 'cost', label: 'Cost', better: null, split: true, format: money },
    title: "What was charged, in the gateway's currency",
    ...{ value: (m) => (m.actualCost === null ? null : Number(m.actualCost)), details: costDetails },
  },
  {
    ...{ id: 'cache', label: 'Cache hit rate', better: 'up', share: true, split: true, format: percent },
    title: 'How much of the input, in tokens, came from a cache',
    ...{ value: (m) => m.cacheHitRate, details: cacheDetails },
  },
  {
    ...{ id: 'speed', label: 'Output speed', better: 'up', split: true, format: tokenRate },
    title: 'Output tokens per second of generation, median of the streamed requests',
    ...{ value: (m) => m.outputSpeed.p50, details: speedDetails },
    point: (m) => m.outputSpeed.avg,
  },
];

/**
 * The first glance: numbers, each with its change against the period of equal length before.
 *
 * @param overview null until it is known: then they are empty, at their full size
 */
export function tiles(
  overview: Overview | null,
  trend: Trend | null,
  { objectives, view: { zone } }: Host,
): TemplateResult[] {
  return TILES.map((spec) => {
    const tile = overview === null ? null : numbersOf(spec, overview, zone);
    const isSla = spec.id === 'sla' && overview !== null && objectives !== null;
    return html`<li class="tile" data-tile=${spec.id}>
      <span class="tile-label" title=${tile?.note ?? spec.title}
        >${spec.label}${tile?.note == null ? nothing : html` <em>in part</em>`}</span
      >
      <span class="tile-value ${isSla ? `level-${slaLevel(overview, objectives)}` : ''}">${tile?.value}</span>
      <span class="tile-change ${tile?.change.verdict}" title="Against ${tile?.against}">
        ${endAligned(tile?.change.text ?? '')}<span class="visually-hidden">
          ${tile?.change.spoken} against ${tile?.against}</span
        >
      </span>
      <dl class="tile-details">
        ${(overview === null ? [EMPTY, EMPTY] : spec.details(overview, zone)).map(
          ([label, value, title]) =>
            html`<dt title=${title}>${label}</dt>
              <dd>${endAligned(value)}</dd>`,
        )}
      </dl>
      ${sparkline((trend?.points ?? []).map((point) => (spec.split === true && point.unsplit !== null ? null : (spec.point ?? spec.value)(point))))}
    </li>`;
  });
}

const EMPTY: Detail = ['', '', ''];

function numbersOf(spec: TileSpec, overview: Overview, zone: Zone) {
  const split = spec.split === true;
  const now = split ? known(overview, spec.value(overview)) : spec.value(overview);
  const { previous } = overview;
  // Against a period that is known in part, everything would seem to have grown.
  const incomplete = previous.missingHours + previous.unslicedRequests > 0;
  const unsplit = split && (overview.unsplit ?? previous.unsplit) !== null;
  return {
    value: spec.format(now),
    against: `the ${span(Date.parse(overview.to) - Date.parse(overview.from))} before`,
    note: split ? unsplitNote(overview, zone) : null,
    change: changeOf(spec, now, incomplete || unsplit ? null : spec.value(previous)),
  };
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
