import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { Dashboard, DashboardFixture, describeInBrowser } from './support/browser.js';

const BODY_COLOR = 'getComputedStyle(document.body).backgroundColor';

/** Relative luminance of `rgb(…)`, from 0 to 1, near enough to tell a light page from a dark one. */
const brightness = (color: string): number =>
  (color.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part) / 765, 0);

describeInBrowser('dashboard: appearance', () => {
  let fixture: DashboardFixture;

  beforeAll(async () => {
    fixture = await DashboardFixture.start('dashboard_appearance');
  });

  afterAll(async () => {
    await fixture.stop();
  });

  test('dark and light follow the system, or what was chosen, charts included', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery(), colorScheme: 'dark' });
    const { page } = dashboard;
    const image = `document.querySelector('[data-chart="duration"] canvas').toDataURL()`;
    expect(brightness(await page.evaluate<string>(BODY_COLOR))).toBeLessThan(0.2);
    const darkChart = await page.evaluate<string>(image);

    await page.getByLabel('Theme').selectOption('light');
    expect(brightness(await page.evaluate<string>(BODY_COLOR))).toBeGreaterThan(0.8);
    await eventually(async () => (await page.evaluate<string>(image)) !== darkChart, 'the light chart');
    await page.reload();
    await dashboard.settled();
    expect(brightness(await page.evaluate<string>(BODY_COLOR))).toBeGreaterThan(0.8);
    await page.getByLabel('Theme').selectOption('auto');
    expect(brightness(await page.evaluate<string>(BODY_COLOR))).toBeLessThan(0.2);
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  test.each(['light', 'dark'] as const)('text has enough contrast when it is %s', async (colorScheme) => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery(), colorScheme });
    const ratios = await dashboard.page.evaluate<[string, number][]>(CONTRASTS);
    expect(ratios.length).toBeGreaterThan(50);
    expect(ratios.filter(([, ratio]) => ratio < 4.5)).toEqual([]);
    await dashboard.close();
  });

  test('390 pixels are enough, without scrolling sideways', async () => {
    const dashboard = await fixture.open({
      query: Dashboard.rangeQuery(),
      viewport: { width: 390, height: 844 },
    });
    const { page } = dashboard;
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.locator('[data-chart="duration"] summary').click();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
    for (const id of ['requests', 'ttft']) {
      const box = await page.locator(`[data-chart="${id}"] canvas`).boundingBox();
      expect(box?.width).toBeGreaterThan(280);
    }
    expect(dashboard.complaints).toEqual([]);
    await dashboard.close();
  });

  test('every control has a name, and every control can be reached with the keyboard', async () => {
    const dashboard = await fixture.open({ query: Dashboard.rangeQuery() });
    const { page } = dashboard;
    const tree = await page.locator('body').ariaSnapshot();
    expect(tree).not.toMatch(/- (button|textbox|combobox|checkbox)(:|$| \[)/m);
    for (const landmark of ['banner', 'main', 'heading "Gateway" [level=1]', 'heading "Trends" [level=2]']) {
      expect(tree).toContain(landmark);
    }
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to the numbers');
    await dashboard.close();
  });
});

/** Contrast of every piece of text with what lies behind it, as WCAG computes it. */
const CONTRASTS = `(() => {
  const parse = (color) => {
    const context = document.createElement('canvas').getContext('2d');
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === '' || !element.checkVisibility() || element.closest('svg, option, script, noscript') !== null) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    found.push([text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
})()`;
