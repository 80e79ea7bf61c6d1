import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { perSecond } from '../../src/ops/dashboard/client/format.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';
import { StubbedPresent } from './support/present.js';

/** Keeps what moved, whether or not somebody has just clicked: what, from where to where. */
const WATCH_SHIFTS = `(() => {
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
  window.shiftObserver.observe({ type: 'layout-shift' });
  window.takeShifts = () => {
    keep(window.shiftObserver.takeRecords());
    return window.shifts.splice(0);
  };
})()`;

/** What has moved in the window since it was asked last. A picture makes sure that everything is laid out and painted. */
async function shifts({ page }: StubbedPresent): Promise<string[]> {
  await page.screenshot();
  return page.evaluate<string[]>('takeShifts()');
}

describeInBrowser('dashboard: the present', () => {
  let fixture: DashboardFixture;
  let stub: StubbedPresent;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_present');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  afterEach(async () => {
    await stub.dashboard.close();
  });

  test.each([
    [1360, 4000],
    [900, 6000],
    [390, 8000],
  ])('%i pixels wide, nothing moves when numbers change', async (width, height) => {
    stub = await StubbedPresent.open(fixture, '?preset=6h', { viewport: { width, height } });
    const { page } = stub;
    expect(await page.evaluate<number>('document.documentElement.scrollHeight')).toBeLessThanOrEqual(height);
    await page.evaluate(WATCH_SHIFTS);
    const texts = new Set<string>();
    for (let refresh = 0; refresh < 7; refresh += 1) {
      await stub.pass(10);
      await stub.refreshed();
      texts.add(await page.locator('[data-tile="requests"] .tile-value').innerText());
      expect([refresh, await shifts(stub)]).toEqual([refresh, []]);
    }
    expect(texts.size).toBeGreaterThan(4);
    // What the watch is worth: a line that comes moves what is below it.
    await page.evaluate("document.querySelector('#glance').before(document.createElement('hr'))");
    expect(await shifts(stub)).not.toEqual([]);
    expect(stub.dashboard.complaints).toEqual([]);
  });
});
