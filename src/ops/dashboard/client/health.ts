import type { Breakdown, Measures, Overview } from '../../read/read.types.js';
import { milliseconds, percent, slaPercent } from './format.js';

/** Where healthy ends. Shares of 1; slowdown is p95 against that of the preceding period of equal length. */
export const THRESHOLDS = {
  sla: { degraded: 0.99, critical: 0.95 },
  upstreamErrorRate: { degraded: 0.05, critical: 0.2 },
  slowdown: { degraded: 1.5, critical: 3 },
  /** Fewer requests than this are not judged: one failure in ten is not an outage. */
  fewestRequests: 50,
  /** Fewer latencies than this, in either period, have no p95 worth comparing. */
  fewestSamples: 200,
} as const;

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
export function slaLevel({ sla, requestCountSla }: Measures): HealthLevel {
  if (sla === null || requestCountSla < THRESHOLDS.fewestRequests) {
    return 'unknown';
  }
  return sla < THRESHOLDS.sla.critical ? 'critical' : sla < THRESHOLDS.sla.degraded ? 'degraded' : 'healthy';
}

/** @param platforms to find a culprit among, or null where they are not known */
export function judge(overview: Overview, platforms: Breakdown | null): Verdict {
  if (overview.requestCountTotal === 0) {
    return {
      level: 'unknown',
      title: 'No traffic',
      detail: 'Not one request in this range.',
      culprit: null,
    };
  }
  if (overview.requestCountTotal < THRESHOLDS.fewestRequests) {
    const detail = `Fewer than ${THRESHOLDS.fewestRequests} requests in this range.`;
    return { level: 'unknown', title: 'Too little traffic to judge', detail, culprit: null };
  }
  const findings = [slaFinding(overview), upstreamFinding(overview), ...slowdowns(overview)].filter(
    (finding) => finding !== null,
  );
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
    culprit: slaFinding(overview) === null ? null : culpritOf(overview, platforms),
  };
}

function slaFinding(overview: Overview): Finding | null {
  const level = slaLevel(overview);
  return level === 'degraded' || level === 'critical'
    ? {
        level,
        text: `SLA ${slaPercent(overview.sla)}, should be at least ${wholePercent(THRESHOLDS.sla.degraded)}`,
      }
    : null;
}

function upstreamFinding({ upstreamErrorRate }: Overview): Finding | null {
  const limits = THRESHOLDS.upstreamErrorRate;
  return upstreamErrorRate === null || upstreamErrorRate <= limits.degraded
    ? null
    : {
        level: upstreamErrorRate > limits.critical ? 'critical' : 'degraded',
        text: `provider errors ${percent(upstreamErrorRate)} of requests`,
      };
}

function slowdowns(overview: Overview): (Finding | null)[] {
  return [['duration', 'p95 duration'] as const, ['ttft', 'p95 TTFT'] as const].map(([metric, name]) => {
    const [now, before] = [overview[metric], overview.previous[metric]];
    if (Math.min(now.samples, before.samples) < THRESHOLDS.fewestSamples || !now.p95 || !before.p95) {
      return null;
    }
    const factor = now.p95 / before.p95;
    return factor < THRESHOLDS.slowdown.degraded
      ? null
      : {
          level: factor >= THRESHOLDS.slowdown.critical ? 'critical' : 'degraded',
          text: `${name} ${milliseconds(now.p95)}, ${factor.toFixed(1)} times the period before`,
        };
  });
}

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

const wholePercent = (share: number): string => `${Math.round(share * 100)}\u00a0%`;
