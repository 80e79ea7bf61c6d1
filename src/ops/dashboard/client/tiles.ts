import { html, nothing, type TemplateResult } from 'lit-html';
import type { Measures, Overview, Trend } from '../../read/read.types.js';
import * as format from './format.js';
import { slaLevel } from './health.js';
import type { Host } from './host.js';
import { known, unsplitNote } from './slices.js';
import { sparkline } from './sparkline.js';
import { endAligned } from './templates.js';
import { formatTime, zoneName, type Zone } from './zone.js';

/** What stands small below a tile's number: a word for it, itself, and what it is in full. */
type Detail = readonly [label: string, value: string, title: string];

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
  /** Not known of what was rolled up before it was kept: a sum of what is known, and nothing where that is nothing. */
  readonly split?: boolean;
  /** Shares are compared by difference, in percentage points, and everything else by ratio. */
  readonly share?: boolean;
  /** Which direction is good; traffic is neither. */
  readonly better: 'up' | 'down' | null;
}

const { compact, milliseconds, money, percent, perSecond, slaPercent, tokenRate } = format;

const latency = (metric: 'duration' | 'ttft', label: string, title: string): TileSpec => ({
  ...{ id: metric, label, title, better: 'down', format: milliseconds },
  value: (m) => m[metric].p95,
  details: (m) => [
    ['p50', milliseconds(m[metric].p50), 'Median'],
    ['p99', milliseconds(m[metric].p99), '99th percentile'],
  ],
});

const TILES: readonly TileSpec[] = [
  {
    ...{ id: 'sla', label: 'SLA', better: 'up', share: true, format: slaPercent },
    title: 'Successful requests among those that count for the SLA: business-limited errors do not',
    value: (m) => m.sla,
    details: (m) => [
      ['SLA errors', compact(m.errorCountSla), 'Errors that count against the SLA'],
      [
        'business-limited',
        compact(m.businessLimitedCount),
        'Errors by quota, balance or the like, which do not',
      ],
    ],
  },
  {
    ...{ id: 'error-rate', label: 'Error rate', better: 'down', share: true, format: percent },
    title: 'Errors of every kind that clients saw, among all requests',
    value: (m) => m.errorRate,
    details: (m) => [
      ['clients saw', compact(m.errorCountTotal), 'Errors of every kind that clients saw'],
      [
        'of providers',
        compact(m.upstreamErrorCountExcl429529 + m.upstream429Count + m.upstream529Count),
        'Errors of providers, also those that a retry hid from the client',
      ],
    ],
  },
  {
    ...{ id: 'requests', label: 'Requests', better: null, format: perSecond },
    title: 'Requests per second, errors included',
    value: (m) => m.requestsPerSecond,
    details: (o, zone) =>
      rates(o, zone, o.current?.requestsPerSecond, o.peakMinuteRequestsPerSecond, o.peakRequestsPerSecond),
  },
  latency('duration', 'Duration p95', '95th percentile of the duration of whole successful requests'),
  latency('ttft', 'TTFT p95', '95th percentile of the time to the first token of streamed requests'),
  {
    ...{ id: 'tokens', label: 'Tokens', better: null, format: compact },
    title: 'Input, output and cache tokens',
    value: (m) => Number(m.tokenConsumed),
    point: (m) => m.tokensPerSecond,
    details: (o, zone) =>
      rates(o, zone, o.current?.tokensPerSecond, o.peakMinuteTokensPerSecond, o.peakTokensPerSecond),
  },
  {
    ...{ id: 'cost', label: 'Cost', better: null, split: true, format: money },
    title: "What was charged, in the gateway's currency",
    value: (m) => (m.actualCost === null ? null : Number(m.actualCost)),
    details: (m) => [
      ['per request', money(m.actualCostPerRequest), 'Charged per successful request'],
      ['before discounts', money(known(m, m.totalCost)), 'What the requests cost, whatever was charged'],
    ],
  },
  {
    ...{ id: 'cache', label: 'Cache hit rate', better: 'up', share: true, split: true, format: percent },
    title: 'How much of the input, in tokens, came from a cache',
    value: (m) => m.cacheHitRate,
    details: (m) => [
      ['read', compact(known(m, Number(m.cacheReadTokens))), 'Tokens read from a cache'],
      ['written', compact(known(m, Number(m.cacheCreationTokens))), 'Tokens written into a cache'],
    ],
  },
  {
    ...{ id: 'speed', label: 'Output speed', better: 'up', split: true, format: tokenRate },
    title: 'Output tokens per second of generation, median of the streamed requests',
    value: (m) => m.outputSpeed.p50,
    point: (m) => m.outputSpeed.avg,
    details: ({ outputSpeed: { p10, avg } }) => [
      ['slow end', tokenRate(p10), 'One request in ten was slower (p10)'],
      ['mean', tokenRate(avg), 'Mean over the requests'],
    ],
  },
];

/** Now, and at the busiest: of its minutes where they are kept, else of its hours. */
const rates = (
  { current }: Overview,
  zone: Zone,
  now: number | undefined,
  minutePeak: number | null,
  hourPeak: number | null,
): Detail[] => [
  [
    'last minute',
    perSecond(now),
    current === null
      ? 'Not known for this range'
      : `Mean rate of the minute from ${formatTime(current.at, zone, 'time')} ${zoneName(zone)}`,
  ],
  minutePeak === null
    ? ['busiest hour', perSecond(hourPeak), 'Mean rate of the busiest whole hour (UTC)']
    : ['busiest minute', perSecond(minutePeak), 'Mean rate of the busiest whole minute'],
];

const EMPTY: Detail = ['', '', ''];

/**
 * The first glance: numbers, each with its change against the period of equal length before.
 *
 * @param overview null until it is known: then they are empty, at their full size
 */
export function tiles(overview: Overview | null, trend: Trend | null, host: Host): TemplateResult[] {
  const { objectives, view } = host;
  const level = overview && objectives && slaLevel(overview, objectives);
  const against =
    overview && `the ${format.span(Date.parse(overview.to) - Date.parse(overview.from))} before`;
  return TILES.map((spec) => {
    const split = spec.split === true;
    const note = split && overview ? unsplitNote(overview, view.zone) : null;
    const change = overview && changeOf(spec, overview);
    const line = (trend?.points ?? []).map((point) =>
      split && point.unsplit !== null ? null : (spec.point ?? spec.value)(point),
    );
    return html`<li class="tile" data-tile=${spec.id}>
      <span class="tile-label" title=${note ?? spec.title}
        >${spec.label}${note === null ? nothing : html` <em>in part</em>`}</span
      >
      <span class="tile-value ${spec.id === 'sla' && level ? `level-${level}` : ''}"
        >${overview && spec.format(valueOf(spec, overview))}</span
      >
      <span class="tile-change ${change?.verdict}" title="Against ${against}">
        ${endAligned(change?.text ?? '')}<span class="visually-hidden">
          ${change?.spoken} against ${against}</span
        >
      </span>
      <dl class="tile-details">
        ${(overview === null ? [EMPTY, EMPTY] : spec.details(overview, view.zone)).map(
          ([label, value, title]) =>
            html`<dt title=${title}>${label}</dt>
              <dd>${endAligned(value)}</dd>`,
        )}
      </dl>
      ${sparkline(line)}
    </li>`;
  });
}

const valueOf = ({ split, value }: TileSpec, measures: Measures): number | null =>
  split === true ? known(measures, value(measures)) : value(measures);

/** Shares move by hundredths of a point and ratios by halves of a percent before a change is called one. */
function changeOf(spec: TileSpec, overview: Overview) {
  const { share, better, split } = spec;
  const { previous } = overview;
  // Against a period that is known in part, everything would seem to have grown.
  const isPart =
    previous.missingHours + previous.unslicedRequests > 0 ||
    (split === true && (overview.unsplit ?? previous.unsplit) !== null);
  const [now, before] = [valueOf(spec, overview), isPart ? null : spec.value(previous)];
  if (now === null || before === null || (share !== true && before === 0)) {
    return { text: format.NOTHING, verdict: 'neutral', spoken: 'no comparison' };
  }
  const change = share === true ? (now - before) * 100 : (now / before - 1) * 100;
  const [threshold, digits, unit] = share === true ? [0.005, 2, '\u00a0pp'] : [0.5, 0, '\u00a0%'];
  if (Math.abs(change) < threshold) {
    return { text: '= steady', verdict: 'neutral', spoken: '' };
  }
  const direction = change > 0 ? 'up' : 'down';
  const size = Math.abs(change) >= 1000 ? '>999' : Math.abs(change).toFixed(digits);
  const verdict = better === null ? 'neutral' : better === direction ? 'good' : 'bad';
  const word = { good: ', better,', bad: ', worse,', neutral: '' }[verdict];
  return { text: `${change > 0 ? '▲' : '▼'} ${size}${unit}`, verdict, spoken: `${direction}${word}` };
}
