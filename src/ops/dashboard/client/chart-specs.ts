import type { LatencySummary, TrendPoint } from '../../read/read.types.js';
import { compact, count, milliseconds, money, percent, perSecond, tokenRate } from './format.js';
import type { ChartSet } from './view.js';

export interface SeriesSpec {
  readonly label: string;
  /** Name of the CSS custom property with its colour. */
  readonly color: string;
  readonly value: (point: TrendPoint) => number | null;
  readonly width?: number;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  /** A stack is of bars, first series at the bottom; its series never count the same row twice. */
  readonly kind: 'lines' | 'area' | 'stack';
  readonly format: (value: number | null) => string;
  readonly tick: (value: number) => string;
  readonly series: readonly SeriesSpec[];
  /** Counts have no half of one: their axis has whole numbers only. */
  readonly whole?: boolean;
  readonly set: ChartSet;
  /** The measure of the series for each key, where the charts are split. */
  readonly split: string;
}

/** What charts of a set are drawn of where they are split. */
export const splitMeasures = (set: ChartSet): readonly string[] =>
  CHARTS.flatMap((spec) => (spec.set === set ? [spec.split] : []));

/**
 * Clients' and providers' errors are two views of overlapping rows, so they are two stacks: business-limited and SLA
 * errors add up to what clients were told; the provider's counts include errors that a retry hid from the client.
 */
export const CHARTS: readonly ChartSpec[] = [
  {
    ...{ id: 'requests', split: 'requestsPerSecond', title: 'Requests', note: 'per second, errors included' },
    ...{ set: 'service', kind: 'area', format: perSecond, tick: compact },
    series: [{ label: 'requests', color: '--series-requests', value: (p) => p.requestsPerSecond }],
  },
  {
    ...{ id: 'tokens', split: 'tokensPerSecond', title: 'Tokens', note: 'per second, all four kinds' },
    ...{ set: 'service', kind: 'area', format: perSecond, tick: compact },
    series: [{ label: 'tokens', color: '--series-tokens', value: (p) => p.tokensPerSecond }],
  },
  {
    ...{
      id: 'client-errors',
      split: 'errorCountTotal',
      title: 'Errors clients saw',
      note: 'count per point',
    },
    ...{ set: 'service', kind: 'stack', format: count, tick: compact, whole: true },
    series: [
      { label: 'SLA errors', color: '--series-sla', value: (p) => p.errorCountSla },
      { label: 'business-limited', color: '--series-limited', value: (p) => p.businessLimitedCount },
    ],
  },
  {
    ...{ id: 'provider-errors', split: 'upstreamErrorCount', title: 'Provider errors' },
    note: 'count per point, with those a retry hid from the client',
    ...{ set: 'service', kind: 'stack', format: count, tick: compact, whole: true },
    series: [
      { label: 'other', color: '--series-other', value: (p) => p.upstreamErrorCountExcl429529 },
      { label: '429', color: '--series-429', value: (p) => p.upstream429Count },
      { label: '529', color: '--series-529', value: (p) => p.upstream529Count },
    ],
  },
  latencyChart('duration', 'Duration', 'whole request'),
  latencyChart('ttft', 'Time to first token', 'streamed requests'),
  {
    ...{ id: 'cost', split: 'actualCost', title: 'Cost', note: 'charged per point' },
    ...{ set: 'cost', kind: 'area', format: money, tick: compact },
    series: [{ label: 'cost', color: '--series-requests', value: split((p) => p.actualCost) }],
  },
  {
    ...{ id: 'token-kinds', split: 'outputTokens', title: 'Tokens by kind', note: 'count per point' },
    ...{ set: 'cost', kind: 'stack', format: compact, tick: compact, whole: true },
    series: [
      { label: 'input', color: '--series-requests', value: split((p) => p.inputTokens) },
      { label: 'cache read', color: '--series-tokens', value: split((p) => p.cacheReadTokens) },
      { label: 'cache written', color: '--series-429', value: split((p) => p.cacheCreationTokens) },
      { label: 'output', color: '--series-529', value: split((p) => p.outputTokens) },
    ],
  },
  {
    ...{ id: 'cache', split: 'cacheHitRate', title: 'Cache hit rate', note: 'share of the input' },
    ...{ set: 'cost', kind: 'lines', format: percent, tick: (value) => `${compact(value * 100)}\u00a0%` },
    series: [{ label: 'hit rate', color: '--series-tokens', value: split((p) => p.cacheHitRate), width: 2 }],
  },
  {
    ...{
      id: 'speed',
      split: 'outputSpeed.avg',
      title: 'Output speed',
      note: 'output tokens per second of generation, mean',
    },
    ...{ set: 'cost', kind: 'lines', format: tokenRate, tick: compact },
    series: [
      { label: 'speed', color: '--series-requests', value: split((p) => p.outputSpeed.avg), width: 2 },
    ],
  },
];

/** A point of which some is not known has no value, and is a gap: a part would look like a drop. */
function split(value: (point: TrendPoint) => number | string | null): SeriesSpec['value'] {
  return (point) => {
    const one = value(point);
    return one === null || point.unsplit !== null ? null : Number(one);
  };
}

function latencyChart(metric: 'duration' | 'ttft', title: string, note: string): ChartSpec {
  const at = (percentile: 'p50' | 'p90' | 'p95' | 'p99') => (point: TrendPoint) => {
    const summary: LatencySummary = point[metric];
    return summary[percentile];
  };
  return {
    ...{ id: metric, split: `${metric}.p95`, title, note, set: 'service', kind: 'lines' },
    format: milliseconds,
    // "1 min 30 s" is too long for the axis.
    tick: (value) =>
      value === 0 ? '0' : value < 60_000 ? milliseconds(value) : `${compact(value / 60_000)}\u00a0min`,
    series: [
      { label: 'p50', color: '--series-p50', value: at('p50') },
      { label: 'p90', color: '--series-p90', value: at('p90') },
      { label: 'p95', color: '--series-p95', value: at('p95'), width: 2 },
      { label: 'p99', color: '--series-p99', value: at('p99') },
    ],
  };
}
