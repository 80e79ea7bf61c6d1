import type { Breakdown, LatencySummary, Measures, Overview } from '../../read/read.types.js';
import type { Status } from './admin-types.js';
import { capital, milliseconds, percent, slaPercent } from './format.js';

/** The thresholds: options of the server. */
export type Objectives = Status['objectives'];

export type HealthLevel = 'healthy' | 'degraded' | 'critical' | 'unknown';

export interface Verdict {
  readonly level: HealthLevel;
  readonly title: string;
  readonly detail: string;
  /** The platform behind at least half of the SLA errors, where that is the trouble. */
  readonly culprit: { readonly platform: string; readonly share: number } | null;
}

/** The SLA by itself, for a whole range or a cell of a table. */
export function slaLevel({ sla, requestCountSla }: Measures, objectives: Objectives): HealthLevel {
  if (sla === null || requestCountSla < objectives.fewestRequests) {
    return 'unknown';
  }
  const { degraded, critical } = objectives.sla;
  return sla < critical ? 'critical' : sla < degraded ? 'degraded' : 'healthy';
}

/** @param platforms to find a culprit among, or null where they are not known */
export function judge(overview: Overview, platforms: Breakdown | null, objectives: Objectives): Verdict {
  const { requestCountTotal: requests, upstreamErrorRate, sla, duration } = overview;
  const { fewestRequests } = objectives;
  if (requests < Math.max(1, fewestRequests)) {
    const [title, detail] =
      requests === 0
        ? ['No traffic', 'Not one request in this range.']
        : ['Too little traffic to judge', `Fewer than ${fewestRequests} requests in this range.`];
    return { level: 'unknown', title, detail, culprit: null };
  }
  const level = slaLevel(overview, objectives);
  const isBelow = level === 'degraded' || level === 'critical';
  const least = `SLA ${slaPercent(sla)}, should be at least ${plainPercent(objectives.sla.degraded)}`;
  const upstream = `provider errors ${percent(upstreamErrorRate)} of requests`;
  const findings = [
    ...(isBelow ? [{ level, text: least }] : []),
    ...above(upstreamErrorRate, objectives.upstreamErrorRate, upstream),
    ...slow('p95 duration', duration, overview.previous.duration, objectives.durationP95Ms, objectives),
    ...slow('p95 TTFT', overview.ttft, overview.previous.ttft, objectives.ttftP95Ms, objectives),
  ];
  const worst = (['critical', 'degraded'] as const).find((one) => findings.some((f) => f.level === one));
  return {
    level: worst ?? 'healthy',
    title: capital(worst ?? 'healthy'),
    detail:
      findings.map(({ text }) => text).join('; ') ||
      `SLA ${slaPercent(sla)}, p95 ${milliseconds(duration.p95)}`,
    culprit: isBelow ? culpritOf(overview, platforms) : null,
  };
}

/** Against the limits for it, and against the period before. */
function slow(
  name: string,
  { p95, samples }: LatencySummary,
  before: LatencySummary,
  limits: Objectives['durationP95Ms'],
  { fewestSamples, slowdown }: Objectives,
): Finding[] {
  if (samples < fewestSamples) {
    return [];
  }
  const text = `${name} ${milliseconds(p95)}`;
  const factor = before.samples < fewestSamples || !before.p95 || p95 === null ? null : p95 / before.p95;
  return [
    ...(limits ? above(p95, limits, `${text}, should be at most ${milliseconds(limits.degraded)}`) : []),
    ...above(factor, slowdown, `${text}, ${factor?.toFixed(1)} times the period before`),
  ];
}

interface Finding {
  readonly level: HealthLevel;
  readonly text: string;
}

/** Of what is worse the higher it is. */
const above = (value: number | null, limits: Objectives['slowdown'], text: string): Finding[] =>
  value === null || value <= limits.degraded
    ? []
    : [{ level: value > limits.critical ? 'critical' : 'degraded', text }];

/** Of all requests only: a platform has nobody else to blame. */
function culpritOf(overview: Overview, platforms: Breakdown | null): Verdict['culprit'] {
  const { platform, groupId, dimension, errorCountSla } = overview;
  if ((platform ?? groupId ?? dimension) !== null || platforms === null || platforms.items.length < 2) {
    return null;
  }
  const worst = platforms.items.reduce((a, b) => (b.errorCountSla > a.errorCountSla ? b : a));
  const share = worst.errorCountSla / errorCountSla;
  return worst.platform !== null && share >= 0.5 ? { platform: worst.platform, share } : null;
}

/** As it was given: 99 %, 99.95 %. */
export const plainPercent = (share: number): string => `${Number((share * 100).toFixed(6))}\u00a0%`;
