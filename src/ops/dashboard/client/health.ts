import type { Breakdown, Measures, Overview } from '../../read/read.types.js';
import type { Status } from './admin-types.js';
import { milliseconds, percent, slaPercent } from './format.js';

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

interface Finding {
  readonly level: 'degraded' | 'critical';
  readonly text: string;
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
  if (overview.requestCountTotal === 0) {
    return {
      level: 'unknown',
      title: 'No traffic',
      detail: 'Not one request in this range.',
      culprit: null,
    };
  }
  if (overview.requestCountTotal < objectives.fewestRequests) {
    const detail = `Fewer than ${objectives.fewestRequests} requests in this range.`;
    return { level: 'unknown', title: 'Too little traffic to judge', detail, culprit: null };
  }
  const sla = slaFinding(overview, objectives);
  const findings = [
    sla,
    upstreamFinding(overview, objectives),
    ...latencyFindings(overview, objectives),
  ].filter((finding) => finding !== null);
  if (findings.length === 0) {
    return {
      level: 'healthy',
      title: 'Healthy',
      detail: `SLA ${slaPercent(overview.sla)}, p95 ${milliseconds(overview.duration.p95)}`,
      culprit: null,
    };
  }
  const critical = findings.some(({ level }) => level === 'critical');
  return {
    level: critical ? 'critical' : 'degraded',
    title: critical ? 'Critical' : 'Degraded',
    detail: findings.map(({ text }) => text).join('; '),
    culprit: sla === null ? null : culpritOf(overview, platforms),
  };
}

function slaFinding(overview: Overview, objectives: Objectives): Finding | null {
  const level = slaLevel(overview, objectives);
  const text = `SLA ${slaPercent(overview.sla)}, should be at least ${plainPercent(objectives.sla.degraded)}`;
  return level === 'degraded' || level === 'critical' ? { level, text } : null;
}

function upstreamFinding({ upstreamErrorRate }: Overview, objectives: Objectives): Finding | null {
  return above(
    upstreamErrorRate,
    objectives.upstreamErrorRate,
    `provider errors ${percent(upstreamErrorRate)} of requests`,
  );
}

function latencyFindings(overview: Overview, objectives: Objectives): (Finding | null)[] {
  return [
    ['duration', 'p95 duration', objectives.durationP95Ms] as const,
    ['ttft', 'p95 TTFT', objectives.ttftP95Ms] as const,
  ].flatMap(([metric, name, limits]) => {
    const [now, before] = [overview[metric], overview.previous[metric]];
    if (now.samples < objectives.fewestSamples || !now.p95) {
      return [];
    }
    const text = `${name} ${milliseconds(now.p95)}`;
    const factor = before.samples < objectives.fewestSamples || !before.p95 ? null : now.p95 / before.p95;
    return [
      limits && above(now.p95, limits, `${text}, should be at most ${milliseconds(limits.degraded)}`),
      above(factor, objectives.slowdown, `${text}, ${factor?.toFixed(1)} times the period before`),
    ];
  });
}

/** Of what is worse the higher it is. */
const above = (value: number | null, limits: Objectives['slowdown'], text: string): Finding | null =>
  value === null || value <= limits.degraded
    ? null
    : { level: value > limits.critical ? 'critical' : 'degraded', text };

function culpritOf(overview: Overview, platforms: Breakdown | null): Verdict['culprit'] {
  if (
    overview.platform !== null ||
    overview.groupId !== null ||
    overview.dimension !== null ||
    platforms === null
  ) {
    return null;
  }
  if (platforms.items.length < 2) {
    return null;
  }
  const worst = platforms.items.reduce((a, b) => (b.errorCountSla > a.errorCountSla ? b : a));
  const share = worst.errorCountSla / overview.errorCountSla;
  return worst.platform !== null && share >= 0.5 ? { platform: worst.platform, share } : null;
}

/** As it was given: 99 %, 99.95 %. */
export const plainPercent = (share: number): string => `${Number((share * 100).toFixed(6))}\u00a0%`;
