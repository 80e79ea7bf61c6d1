import type uPlot from 'uplot';

/**
 * A chart without a mouse: arrows move the cursor in all charts, with Shift they select, Enter zooms into what is
 * selected, Escape lets go.
 */
export function bindChartKeys(
  element: HTMLElement,
  chartNow: () => uPlot | null,
  onZoom: (from: number, to: number) => void,
): void {
  let anchor: number | null = null;
  const release = (chart: uPlot): void => {
    anchor = null;
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };

  element.addEventListener('keydown', (event) => {
    const chart = chartNow();
    const times = chart?.data[0] ?? [];
    if (chart === null || times.length === 0 || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const last = times.length - 1;
    const at = chart.cursor.idx ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    const timeAt = (index: number): number => times[Math.min(last, Math.max(0, index))] ?? 0;
    if (to !== undefined) {
      anchor = event.shiftKey ? (anchor ?? at) : null;
      chart.setCursor({ left: chart.valToPos(timeAt(to), 'x'), top: 1 });
      const [a, b] = [timeAt(anchor ?? to), timeAt(to)].map((time) => chart.valToPos(time, 'x'));
      const left = Math.min(a ?? 0, b ?? 0);
      const width = Math.abs((a ?? 0) - (b ?? 0));
      chart.setSelect({ left, top: 0, width, height: width > 0 ? chart.over.clientHeight : 0 }, false);
    } else if (event.key === 'Enter' && anchor !== null) {
      const [first, second] = [timeAt(anchor), timeAt(at)].toSorted((a, b) => a - b);
      release(chart);
      onZoom((first ?? 0) * 1000, (second ?? 0) * 1000);
    } else if (event.key === 'Escape') {
      release(chart);
      chart.setCursor({ left: -10, top: -10 });
    } else {
      return;
    }
    event.preventDefault();
  });
}
