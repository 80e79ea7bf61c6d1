/** Where healthy ends. Shares of 1; slowdown is p95 against that of the preceding period of equal length. */
export interface Objectives {
  readonly sla: Limits;
  readonly upstreamErrorRate: Limits;
  readonly slowdown: Limits;
  readonly durationP95Ms: Limits | null;
  readonly ttftP95Ms: Limits | null;
  readonly fewestRequests: number;
  readonly fewestSamples: number;
}

export interface Limits {
  readonly degraded: number;
  readonly critical: number;
}

export const OBJECTIVES: Objectives = {
  sla: { degraded: 0.99, critical: 0.95 },
  upstreamErrorRate: { degraded: 0.05, critical: 0.2 },
  slowdown: { degraded: 1.5, critical: 3 },
  durationP95Ms: null,
  ttftP95Ms: null,
  fewestRequests: 50,
  fewestSamples: 200,
};
