import type { SeriesMeasure, TrendPoint } from '../../read/read.types.js';
import type { AxisScale } from './chart-axis.js';
import { compact, count, milliseconds, money, percent, perSecond, slaPercent, tokenRate } from './format.js';
import type { ChartSet } from './view.js';

/** As answers have them: money, and sums past 2^53, are decimal text. */
export type Raw = number | string | null;

export interface SeriesSpec {
  readonly label: string;
  /** Name of the CSS custom property with its colour. */
  readonly color: string;
  readonly value: (point: TrendPoint) => Raw;
  /** In pixels; the one that is compared is thicker. */
  readonly width?: number;
  readonly dash?: number;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /**
   * A stack is of bars, counts per point, first series at the bottom; its series never count the same row twice. What
   * is no line adds up, and is a stack where it is split.
   */
  readonly kind: 'lines' | 'area' | 'stack';
  readonly format: (value: number | null) => string;
  readonly scale: AxisScale;
  readonly series: readonly SeriesSpec[];
  /** Counts have no half of one: their axis has whole numbers only. */
  readonly whole?: boolean;
  /** Those of costs know nothing of the points that were rolled up before they were kept. */
  readonly set: ChartSet;
  /** The measure of the series for each key, where the charts are split, and what it is. */
  readonly split: SeriesMeasure;
  readonly splitNote?: string;
  /** The objective whose limits are drawn. */
  readonly limits?: 'sla' | 'upstreamErrorRate' | 'durationP95Ms' | 'ttftP95Ms';
  /** Ends with 100 % and not with 0: what is missing from 1 is what matters. */
  readonly nearOne?: boolean;
  /** What it says where no point has a value. */
  readonly empty?: string;
}

/** What charts of a set are drawn of where they are split. */
export const splitMeasures = (set: ChartSet): readonly SeriesMeasure[] =>
  CHARTS.flatMap((spec) => (spec.set === set ? [spec.split] : []));

const RATE = { set: 'service', kind: 'area', format: perSecond, scale: 'number' } as const;
const SHARE = { set: 'service', kind: 'lines', format: percent, scale: 'share' } as const;
const COUNT = { set: 'service', kind: 'stack', format: count, scale: 'number', whole: true } as const;
const WITH_HIDDEN = 'count per point, with those a retry hid from the client';

/**
 * Clients' and providers' errors are two views of overlapping rows, so they are two stacks: business-limited and SLA
 * errors add up to what clients were told; the provider's counts include errors that a retry hid from the client.
 */
export const CHARTS: readonly ChartSpec[] = [
  chart('requests', 'Requests', 'per second, errors included', 'requestsPerSecond', {
    ...RATE,
    series: [{ label: 'requests', color: '--series-requests', value: (p) => p.requestsPerSecond }],
  }),
  chart('sla', 'SLA', 'business-limited errors left out', 'sla', {
    ...{ ...SHARE, format: slaPercent, nearOne: true, limits: 'sla' },
    series: [{ label: 'SLA', color: '--series-requests', value: (p) => p.sla, width: 2 }],
  }),
  latencyChart('duration', 'Duration', 'whole request'),
  latencyChart('ttft', 'Time to first token', 'streamed requests'),
  chart('tokens', 'Tokens', 'per second, all four kinds', 'tokensPerSecond', {
    ...RATE,
    series: [{ label: 'tokens', color: '--series-tokens', value: (p) => p.tokensPerSecond }],
  }),
  chart('error-rates', 'Error rates', 'share of requests', 'upstreamErrorRate', {
    ...{ ...SHARE, limits: 'upstreamErrorRate', splitNote: "providers' errors" },
    series: [
      { label: 'providers', color: '--series-other', value: (p) => p.upstreamErrorRate, width: 2 },
      { label: 'clients', color: '--series-sla', value: (p) => p.errorRate, dash: 1 },
    ],
  }),
  chart('client-errors', 'Errors clients saw', 'count per point', 'errorCountTotal', {
    ...COUNT,
    series: [
      { label: 'SLA errors', color: '--series-sla', value: (p) => p.errorCountSla },
      { label: 'business-limited', color: '--series-limited', value: (p) => p.businessLimitedCount },
    ],
  }),
  chart('provider-errors', 'Provider errors', WITH_HIDDEN, 'upstreamErrorCount', {
    ...COUNT,
    series: [
      { label: 'other', color: '--series-other', value: (p) => p.upstreamErrorCountExcl429529 },
      { label: '429', color: '--series-429', value: (p) => p.upstream429Count },
      { label: '529', color: '--series-529', value: (p) => p.upstream529Count },
    ],
  }),
  chart('cost', 'Cost', 'charged per point', 'actualCost', {
    ...{ set: 'cost', kind: 'stack', format: money, scale: 'number' },
    series: [{ label: 'cost', color: '--series-requests', value: (p) => p.actualCost }],
  }),
  chart('token-kinds', 'Tokens by kind', 'count per point', 'outputTokens', {
    ...{ ...COUNT, set: 'cost', format: compact, splitNote: 'output tokens per point' },
    series: [
      { label: 'input', color: '--series-requests', value: (p) => p.inputTokens },
      { label: 'cache read', color: '--series-tokens', value: (p) => p.cacheReadTokens },
      { label: 'cache written', color: '--series-429', value: (p) => p.cacheCreationTokens },
      { label: 'output', color: '--series-529', value: (p) => p.outputTokens },
    ],
  }),
  chart('cache', 'Cache hit rate', 'share of the input', 'cacheHitRate', {
    ...{ ...SHARE, set: 'cost' },
    series: [{ label: 'hit rate', color: '--series-tokens', value: (p) => p.cacheHitRate, width: 2 }],
  }),
  chart('speed', 'Output speed', 'output tokens per second of generation, mean', 'outputSpeed.avg', {
    ...{ set: 'cost', kind: 'lines', format: tokenRate, scale: 'number' },
    empty: 'No output speed was measured: it takes streamed requests',
    series: [{ label: 'speed', color: '--series-requests', value: (p) => p.outputSpeed.avg, width: 2 }],
  }),
];

type Look = Omit<ChartSpec, 'id' | 'title' | 'note' | 'split'>;

function chart(id: string, title: string, note: string, split: SeriesMeasure, look: Look): ChartSpec {
  return { id, title, note, split, ...look };
}

function latencyChart(metric: 'duration' | 'ttft', title: string, note: string): ChartSpec {
  const logged = { duration: 'requests that log their duration', ttft: `${note} that log their first token` };
  return chart(metric, title, note, `${metric}.p95`, {
    ...{ set: 'service', kind: 'lines', format: milliseconds, scale: 'time', limits: `${metric}P95Ms` },
    splitNote: `p95, ${note}`,
    empty: `No latency was measured: it takes ${logged[metric]}`,
    series: (['p50', 'p90', 'p95', 'p99'] as const).map((at) => {
      const width = at === 'p95' ? 2 : 1.5;
      return { label: at, color: `--series-${at}`, value: (point) => point[metric][at], width };
    }),
  });
}
