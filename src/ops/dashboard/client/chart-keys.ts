import { select, unselect, type Drawing } from './chart-options.js';

/**
 * A chart without a mouse: arrows move the cursor in all charts, with Shift they select whole points, Enter zooms into
 * what is selected, Escape lets go.
 */
export function bindChartKeys(element: HTMLElement, drawing: Drawing): void {
  let anchor: number | null = null;
  const letGo = (): void => {
    anchor = null;
    if (drawing.chart !== null) {
      unselect(drawing.chart);
      drawing.leave();
    }
  };

  element.addEventListener('blur', () => {
    if (!element.matches(':hover')) {
      letGo();
    }
  });
  element.addEventListener('keydown', (event) => {
    const { chart, picture } = drawing;
    const { starts, width } = picture;
    if (chart === null || starts.length === 0 || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const last = starts.length - 1;
    const at = chart.cursor.idx ?? last;
    const wanted = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    const spanOf = (a: number, b: number): [number, number] => [
      starts[Math.min(a, b)] ?? 0,
      (starts[Math.max(a, b)] ?? 0) + width,
    ];
    if (wanted !== undefined) {
      const to = Math.min(last, Math.max(0, wanted));
      anchor = event.shiftKey ? (anchor ?? at) : null;
      unselect(chart);
      drawing.moved(() => {
        chart.setCursor({ left: chart.valToPos(chart.data[0][to] ?? 0, 'x'), top: 1 });
      });
      if (anchor !== null) {
        select(chart, picture, spanOf(anchor, to));
      }
    } else if (event.key === 'Enter' && anchor !== null) {
      const range = spanOf(anchor, at);
      anchor = null;
      unselect(chart);
      drawing.onZoom(...range);
    } else if (event.key === 'Escape') {
      letGo();
    } else {
      return;
    }
    event.preventDefault();
  });
}
