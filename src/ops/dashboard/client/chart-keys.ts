import type uPlot from 'uplot';
import { select } from './chart-options.js';
import type { Picture } from './chart-picture.js';

export interface KeyEvents {
  /** Null while nothing is drawn. */
  readonly drawn: () => { readonly chart: uPlot; readonly picture: Picture } | null;
  /** The cursor is to be moved by a key, or has been. */
  readonly onMove: () => void;
  readonly onMoved: () => void;
  readonly onZoom: (from: number, to: number) => void;
  /** Lets go of the point. */
  readonly leave: () => void;
}

/**
 * A chart without a mouse: arrows move the cursor in all charts, with Shift they select whole points, Enter zooms into
 * what is selected, Escape lets go.
 */
export function bindChartKeys(
  element: HTMLElement,
  { drawn, onMove, onMoved, onZoom, leave }: KeyEvents,
): void {
  let anchor: number | null = null;
  const release = (chart: uPlot): void => {
    anchor = null;
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
  const letGo = (): void => {
    const chart = drawn()?.chart;
    if (chart !== undefined) {
      release(chart);
      leave();
    }
  };

  element.addEventListener('blur', () => {
    if (!element.matches(':hover')) {
      letGo();
    }
  });
  element.addEventListener('keydown', (event) => {
    const now = drawn();
    if (now === null || now.picture.starts.length === 0 || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const { chart, picture } = now;
    const last = picture.starts.length - 1;
    const at = chart.cursor.idx ?? last;
    const wanted = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    const spanOf = (a: number, b: number): [number, number] => [
      picture.starts[Math.min(a, b)] ?? 0,
      (picture.starts[Math.max(a, b)] ?? 0) + picture.width,
    ];
    if (wanted !== undefined) {
      const to = Math.min(last, Math.max(0, wanted));
      const from = event.shiftKey ? (anchor ?? at) : to;
      release(chart);
      onMove();
      chart.setCursor({ left: chart.valToPos(chart.data[0][to] ?? 0, 'x'), top: 1 });
      if (event.shiftKey) {
        anchor = from;
        select(chart, picture, ...spanOf(from, to));
      }
      onMoved();
    } else if (event.key === 'Enter' && anchor !== null) {
      const range = spanOf(anchor, at);
      release(chart);
      onZoom(...range);
    } else if (event.key === 'Escape') {
      letGo();
    } else {
      return;
    }
    event.preventDefault();
  });
}
