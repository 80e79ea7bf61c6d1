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

type Value = TileSpec['value'];
type Details = TileSpec['details'];
type Rest = Partial<Pick<TileSpec, 'point' | 'share' | 'split'>>;

const tile = (
  [id, label, title]: readonly [string, string, string],
  better: TileSpec['better'],
  format: TileSpec['format'],
  value: Value,
  details: Details,
  rest: Rest = {},
): TileSpec => ({ id, label, title, better, format, value, details, ...rest });

const TILES: readonly TileSpec[] = [
  tile(
    ['sla', 'SLA', 'Successful requests among those that count for the SLA: business-limited errors do not'],
    'up',
    slaPercent,
    (m) => m.sla,
    slaDetails,
    { share: true },
  ),
  tile(
    ['error-rate', 'Error rate', 'Errors of every kind that clients saw, among all requests'],
    'down',
    percent,
    (m) => m.errorRate,
    errorDetails,
    { share: true },
  ),
  tile(
    ['requests', 'Requests', 'Requests per second, errors included'],
    null,
    perSecond,
    (m) => m.requestsPerSecond,
    rateDetails('requests'),
  ),
  tile(
    ['duration', 'Duration p95', '95th percentile of the duration of whole successful requests'],
    'down',
    milliseconds,
    (m) => m.duration.p95,
    latencyDetails('duration'),
  ),
  tile(
    ['ttft', 'TTFT p95', '95th percentile of the time to the first token of streamed requests'],
    'down',
    milliseconds,
    (m) => m.ttft.p95,
    latencyDetails('ttft'),
  ),
  tile(
    ['tokens', 'Tokens', 'Input, output and cache tokens'],
    null,
    compact,
    (m) => Number(m.tokenConsumed),
    rateDetails('tokens'),
    { point: (m) => m.tokensPerSecond },
  ),
  tile(
    ['cost', 'Cost', "What was charged, in the gateway's currency"],
    null,
    money,
    (m) => (m.actualCost === null ? null : Number(m.actualCost)),
    costDetails,
    { split: true },
  ),
  tile(
    ['cache', 'Cache hit rate', 'How much of the input, in tokens, came from a cache'],
    'up',
    percent,
    (m) => m.cacheHitRate,
    cacheDetails,
    { share: true, split: true },
  ),
  tile(
    ['speed', 'Output speed', 'Output tokens per second of generation, median of the streamed requests'],
    'up',
    tokenRate,
    (m) => m.outputSpeed.p50,
    speedDetails,
    { point: (m) => m.outputSpeed.avg, split: true },
  ),
];

/** The first glance: numbers, each with its change against the period of equal length before. */
export function tiles(overview: Overview, trend: Trend | null, zone: Zone): TemplateResult[] {
  const against = `the ${span(Date.parse(overview.to) - Date.parse(overview.from), 60)} before`;
  return TILES.map((spec) => {
    const split = spec.split === true;
    const valueOf = (m: Measures): number | null => (split ? known(m, spec.value(m)) : spec.value(m));
    const { previous } = overview;
    // Against a period that is known in part, everything would seem to have grown.
    const incomplete = previous.missingHours + previous.unslicedRequests > 0;
    const unsplit = split && (overview.unsplit ?? previous.unsplit) !== null;
    const now = valueOf(overview);
    const before = incomplete || unsplit ? null : spec.value(previous);
    const note = split ? unsplitNote(overview, zone) : null;
    const change = changeOf(spec, now, before);
    return html`<li class="tile" data-tile=${spec.id}>
      <span class="tile-label" title=${note ?? spec.title}
        >${spec.label}${note === null ? nothing : html` <em>in part</em>`}</span
      >
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
      ${sparkline((trend?.points ?? []).map((point) => (split && point.unsplit !== null ? null : (spec.point ?? spec.value)(point))))}
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
