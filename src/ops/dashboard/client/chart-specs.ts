import type { LatencySummary, SeriesMeasure, TrendPoint } from '../../read/read.types.js';
import type { AxisScale } from './chart-axis.js';
import { compact, count, milliseconds, money, percent, perSecond, slaPercent, tokenRate } from './format.js';
import type { Objectives } from './health.js';
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
  readonly set: ChartSet;
  /** The measure of the series for each key, where the charts are split, and what it is. */
  readonly split: SeriesMeasure;
  readonly splitNote?: string;
  readonly limits?: (objectives: Objectives) => Objectives['sla'] | null;
  /** Ends with 100 % and not with 0: what is missing from 1 is what matters. */
  readonly nearOne?: boolean;
  /** What it says where no point has a value. */
  readonly empty?: string;
}

/** What charts of a set are drawn of where they are split. */
export const splitMeasures = (set: ChartSet): readonly SeriesMeasure[] =>
  CHARTS.flatMap((spec) => (spec.set === set ? [spec.split] : []));

/**
 * Clients' and providers' errors are two views of overlapping rows, so they are two stacks: business-limited and SLA
 * errors add up to what clients were told; the provider's counts include errors that a retry hid from the client.
 */
export const CHARTS: readonly ChartSpec[] = [
  {
    ...{ id: 'requests', split: 'requestsPerSecond', title: 'Requests', note: 'per second, errors included' },
    ...{ set: 'service', kind: 'area', format: perSecond, scale: 'number' },
    series: [{ label: 'requests', color: '--series-requests', value: (p) => p.requestsPerSecond }],
  },
  {
    ...{ id: 'sla', split: 'sla', title: 'SLA', note: 'business-limited errors left out', nearOne: true },
    ...{ set: 'service', kind: 'lines', format: slaPercent, scale: 'share', limits: ({ sla }) => sla },
    series: [{ label: 'SLA', color: '--series-requests', value: (p) => p.sla, width: 2 }],
  },
  latencyChart('duration', 'Duration', 'whole request'),
  latencyChart('ttft', 'Time to first token', 'streamed requests'),
  {
    ...{ id: 'tokens', split: 'tokensPerSecond', title: 'Tokens', note: 'per second, all four kinds' },
    ...{ set: 'service', kind: 'area', format: perSecond, scale: 'number' },
    series: [{ label: 'tokens', color: '--series-tokens', value: (p) => p.tokensPerSecond }],
  },
  {
    ...{ id: 'error-rates', split: 'upstreamErrorRate', title: 'Error rates', note: 'share of requests' },
    ...{ set: 'service', kind: 'lines', format: percent, scale: 'share', splitNote: "providers' errors" },
    limits: ({ upstreamErrorRate }) => upstreamErrorRate,
    series: [
      { label: 'providers', color: '--series-other', value: (p) => p.upstreamErrorRate, width: 2 },
      { label: 'clients', color: '--series-sla', value: (p) => p.errorRate, dash: 1 },
    ],
  },
  {
    ...{
      id: 'client-errors',
      split: 'errorCountTotal',
      title: 'Errors clients saw',
      note: 'count per point',
    },
    ...{ set: 'service', kind: 'stack', format: count, scale: 'number', whole: true },
    series: [
      { label: 'SLA errors', color: '--series-sla', value: (p) => p.errorCountSla },
      { label: 'business-limited', color: '--series-limited', value: (p) => p.businessLimitedCount },
    ],
  },
  {
    ...{ id: 'provider-errors', split: 'upstreamErrorCount', title: 'Provider errors' },
    note: 'count per point, with those a retry hid from the client',
    ...{ set: 'service', kind: 'stack', format: count, scale: 'number', whole: true },
    series: [
      { label: 'other', color: '--series-other', value: (p) => p.upstreamErrorCountExcl429529 },
      { label: '429', color: '--series-429', value: (p) => p.upstream429Count },
      { label: '529', color: '--series-529', value: (p) => p.upstream529Count },
    ],
  },
  {
    ...{ id: 'cost', split: 'actualCost', title: 'Cost', note: 'charged per point' },
    ...{ set: 'cost', kind: 'stack', format: money, scale: 'number' },
    series: [{ label: 'cost', color: '--series-requests', value: split((p) => p.actualCost) }],
  },
  {
    ...{ id: 'token-kinds', split: 'outputTokens', title: 'Tokens by kind', note: 'count per point' },
    ...{ set: 'cost', kind: 'stack', format: compact, scale: 'number', whole: true },
    splitNote: 'output tokens per point',
    series: [
      { label: 'input', color: '--series-requests', value: split((p) => p.inputTokens) },
      { label: 'cache read', color: '--series-tokens', value: split((p) => p.cacheReadTokens) },
      { label: 'cache written', color: '--series-429', value: split((p) => p.cacheCreationTokens) },
      { label: 'output', color: '--series-529', value: split((p) => p.outputTokens) },
    ],
  },
  {
    ...{ id: 'cache', split: 'cacheHitRate', title: 'Cache hit rate', note: 'share of the input' },
    ...{ set: 'cost', kind: 'lines', format: percent, scale: 'share' },
    series: [{ label: 'hit rate', color: '--series-tokens', value: split((p) => p.cacheHitRate), width: 2 }],
  },
  {
    ...{ id: 'speed', split: 'outputSpeed.avg', title: 'Output speed', set: 'cost', kind: 'lines' },
    note: 'output tokens per second of generation, mean',
    ...{
      format: tokenRate,
      scale: 'number',
      empty: 'No output speed was measured: it takes streamed requests',
    },
    series: [
      { label: 'speed', color: '--series-requests', value: split((p) => p.outputSpeed.avg), width: 2 },
    ],
  },
];

/** A point of which some is not known has no value, and is a gap: a part would look like a drop. */
function split(value: (point: TrendPoint) => Raw): SeriesSpec['value'] {
  return (point) => (point.unsplit === null ? value(point) : null);
}

function latencyChart(metric: 'duration' | 'ttft', title: string, note: string): ChartSpec {
  const series = (at: 'p50' | 'p90' | 'p95' | 'p99', width = 1.5): SeriesSpec => {
    const value = ({ [metric]: summary }: TrendPoint & Record<typeof metric, LatencySummary>): Raw =>
      summary[at];
    return { label: at, color: `--series-${at}`, value, width };
  };
  return {
    ...{ id: metric, split: `${metric}.p95`, splitNote: `p95, ${note}`, title, note, set: 'service' },
    ...{ kind: 'lines', format: milliseconds, scale: 'time' },
    limits: ({ [`${metric}P95Ms` as const]: limits }) => limits,
    empty: `No latency was measured: it takes ${note === 'whole request' ? 'requests that log their duration' : `${note} that log their first token`}`,
    series: [series('p50'), series('p90'), series('p95', 2), series('p99')],
  };
}
