import type { Breakdown, LatencyDistribution, LatencyMetric, Trend } from '../../read/read.types.js';
import { BreakdownTable } from './breakdown-table.js';
import { ChartCard } from './chart-card.js';
import { CHARTS } from './chart-specs.js';
import { DistributionChart } from './distribution-chart.js';
import { byId } from './dom.js';
import { fixedRange, type TimeRange, type View } from './view.js';

/** The middle of the page: trends, breakdowns, and the latency distribution. */
export class Numbers {
  private readonly charts: readonly ChartCard[];
  private readonly platforms: BreakdownTable;
  private readonly groups: BreakdownTable;
  private readonly distribution = new DistributionChart();
  private readonly metrics = {
    duration: byId('metric-duration', HTMLButtonElement),
    ttft: byId('metric-ttft', HTMLButtonElement),
  };

  public constructor(
    onChange: (change: Partial<View>) => void,
    private readonly onMetric: (metric: LatencyMetric) => void,
  ) {
    this.charts = CHARTS.map(
      (spec) =>
        new ChartCard(spec, (from, to) => {
          const fixed = fixedRange(from, to);
          if (fixed !== null) {
            onChange({ fixed });
          }
        }),
    );
    const charts = byId('charts', HTMLElement);
    charts.append(...this.charts.map(({ element }) => element));
    charts.addEventListener('dblclick', (event) => {
      if (event.target instanceof Element && event.target.closest('.plot') !== null) {
        onChange({ fixed: null });
      }
    });

    this.platforms = new BreakdownTable(
      'Platforms',
      ({ platform }) => platform,
      (item) => {
        onChange({ platform: item?.platform ?? null, group: null });
      },
    );
    this.groups = new BreakdownTable(
      'Groups',
      ({ groupId }) => groupId,
      (item) => {
        onChange({ group: item?.groupId ?? null });
      },
    );
    byId('breakdowns', HTMLElement).append(this.platforms.element, this.groups.element);

    byId('distribution', HTMLElement).append(this.distribution.element);
    for (const metric of ['duration', 'ttft'] as const) {
      this.metrics[metric].addEventListener('click', () => {
        this.onMetric(metric);
      });
    }
  }

  public showTrend(trend: Trend, range: TimeRange, view: View): void {
    for (const chart of this.charts) {
      chart.update(trend, range, view.zone);
    }
  }

  /** Null leaves a table as it is. */
  public showBreakdowns(platforms: Breakdown | null, groups: Breakdown | null, view: View): void {
    if (platforms !== null) {
      this.platforms.update(platforms, view.platform);
    }
    if (groups !== null) {
      this.groups.update(groups, view.group, view.platform);
    }
  }

  public showDistribution(distribution: LatencyDistribution): void {
    this.distribution.update(distribution);
    this.metrics.duration.setAttribute('aria-pressed', String(distribution.metric === 'duration'));
    this.metrics.ttft.setAttribute('aria-pressed', String(distribution.metric === 'ttft'));
  }

  public recolor(): void {
    for (const chart of this.charts) {
      chart.redraw();
    }
  }
}
