import type { Page } from 'playwright-core';

/** Keeps what moved, whether or not somebody has just clicked: what, from where to where. */
export const WATCH_SHIFTS = `(() => {
  window.shifts = [];
  const name = (node) => {
    if (node === null) return 'gone';
    const element = node.nodeType === 1 ? node : node.parentElement;
    const path = [];
    for (let at = element; at !== null && path.length < 4; at = at.parentElement) {
      path.unshift(at.localName + (at.id ? '#' + at.id : '') + (at.className && typeof at.className === 'string' ? '.' + at.className : ''));
    }
    return path.join(' > ') + ' ' + JSON.stringify(node.textContent.slice(0, 40));
  };
  const box = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
  const keep = (entries) => {
    for (const { value, sources } of entries) {
      window.shifts.push(...sources.map((s) => name(s.node) + ': ' + box(s.previousRect) + ' -> ' + box(s.currentRect) + ', ' + value.toFixed(5)));
      if (sources.length === 0) window.shifts.push('something, ' + value);
    }
  };
  window.shiftObserver = new PerformanceObserver((list) => keep(list.getEntries()));
  window.shiftObserver.observe({ type: 'layout-shift', buffered: true });
  window.takeShifts = () => {
    keep(window.shiftObserver.takeRecords());
    return window.shifts.splice(0);
  };
})()`;

/** What has moved in the window since it was asked last. A picture makes sure that everything is laid out and painted. */
export async function shifts(page: Page): Promise<string[]> {
  await page.screenshot();
  return page.evaluate<string[]>('takeShifts()');
}
