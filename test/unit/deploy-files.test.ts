import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { DATABASE_METRICS, PROCESS_METRICS } from '../../src/ops/prometheus/metrics.js';
import { MAINTENANCE_JOB, REFRESH_JOB } from '../../src/ops/jobs/refresh.service.js';
import { HAS_PROMTOOL, promtool, PROMTOOL_SKIPPED } from '../support/promtool.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}

const pathOf = (path: string): string => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url));
const read = (path: string): string => readFileSync(pathOf(path), 'utf8');

const rules = parse(read('prometheus/alerts.yml')) as { groups: { rules: Alert[] }[] };
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('grafana/dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);
const variable = JSON.stringify(dashboard.templating.list.map(({ query }) => query));

const exposed = new Map(
  [...Object.values(PROCESS_METRICS), ...DATABASE_METRICS].map(({ name, labels = [] }) => [name, labels]),
);
const namesIn = (text: string): string[] =>
  text.replaceAll(/"[^"]*"/g, '').match(/\bops_(rollup|gateway|admin)_\w+/g) ?? [];

/** Prometheus' own: it renames the first two where a metric has them, and keeps the others for its types. */
const RESERVED_LABELS = ['job', 'instance', 'quantile', 'le'];
const TARGET_LABELS = RESERVED_LABELS.slice(0, 2);

/** Each `name{label="value", ...}` of an expression. */
function selectorsIn(text: string): { name: string; label: string; value: string }[] {
  return [...text.matchAll(/\b(ops_\w+)\{([^}]*)\}/g)].flatMap(([, name = '', inner = '']) =>
    [...inner.matchAll(/(\w+)\s*!?=~?\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({
      name,
      label,
      value,
    })),
  );
}

const expressions = [
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
  ...targets.map(({ expr }) => ['dashboard', expr] as const),
];

describe('the metrics', () => {
  it.each([...exposed.keys()])('%s is named as Prometheus has it', (name) => {
    const definition = [...Object.values(PROCESS_METRICS), ...DATABASE_METRICS].find(
      (one) => one.name === name,
    );
    expect(name).toMatch(/^ops_(rollup|gateway|admin)_[a-z0-9_]+$/);
    expect(name.endsWith('_total')).toBe(definition?.type === 'counter');
    expect(name).not.toMatch(/_(ms|millis\w*|minutes|hours|percent)(_|$)/);
    expect(definition?.help).toMatch(/\.$/);
    expect((definition?.labels ?? []).filter((label) => RESERVED_LABELS.includes(label))).toEqual([]);
  });
});

describe('alert rules and dashboard', () => {
  it.each(expressions)('%s: %s uses metrics and labels that are exposed', (_where, expr) => {
    const names = namesIn(expr);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !exposed.has(name))).toEqual([]);
    const wrong = selectorsIn(expr).filter(({ name, label }) => !exposed.get(name)?.includes(label));
    expect(wrong).toEqual([]);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
    const known = [...TARGET_LABELS, ...names.flatMap((name) => [...(exposed.get(name) ?? [])])];
    expect(grouped.filter((label) => !known.includes(label))).toEqual([]);
  });

  it('name the jobs that run', () => {
    const jobs = alerts.flatMap(({ expr }) => selectorsIn(expr)).filter(({ label }) => label === 'job_name');
    expect(new Set(jobs.map(({ value }) => value))).toEqual(new Set([REFRESH_JOB, MAINTENANCE_JOB]));
  });

  it('leave what was never routed out of the SLA', () => {
    const { expr } = alerts.find(({ alert }) => alert === 'GatewaySlaLow') ?? { expr: '' };
    expect(expr).toContain('ops_gateway_last_hour_sla_ratio{platform!="unknown"}');
  });

  (HAS_PROMTOOL ? it : it.skip)(`do what they should, says promtool${PROMTOOL_SKIPPED}`, () => {
    expect(promtool(['check', 'rules', pathOf('prometheus/alerts.yml')])).toMatchObject({
      code: 0,
      said: expect.stringContaining(`SUCCESS: ${alerts.length} rules found`),
    });
    expect(promtool(['test', 'rules', pathOf('prometheus/alerts.test.yml')])).toMatchObject({
      code: 0,
      said: expect.stringContaining('SUCCESS'),
    });
  });

  it('say of each alert how bad it is and what it means, once', () => {
    expect(alerts.length).toBeGreaterThanOrEqual(8);
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { labels, annotations } of alerts) {
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\S/);
    }
  });

  it('show every metric on the dashboard', () => {
    const shown = new Set([...targets.map(({ expr }) => expr), variable].flatMap(namesIn));
    const overall = /_overall_(upstream_errors)$/; // shown by platform
    expect([...exposed.keys()].filter((name) => !shown.has(name) && !overall.test(name))).toEqual([]);
    expect(namesIn(variable).filter((name) => !exposed.has(name))).toEqual([]);
  });

  it('lay panels out one beside another', () => {
    const panels = dashboard.panels;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos: a, title } of panels) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      const overlapping = panels.filter(
        ({ gridPos: b }) =>
          b !== a && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h,
      );
      expect([title, overlapping.map((panel) => panel.title)]).toEqual([title, []]);
    }
  });
});
