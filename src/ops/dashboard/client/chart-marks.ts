import uPlot from 'uplot';
import { cssColor, faded } from './chart-colors.js';
import type { Picture } from './chart-picture.js';

export const AXIS_FONT = '11px system-ui, sans-serif';

/** What a canvas has besides series: the bucket that is not over, and the limits of the objectives. */
export function drawMarks(chart: uPlot, { starts, width, partial, limits }: Picture): void {
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const start = starts.at(-1);
  if (partial !== '' && start !== undefined) {
    const [left, right] = [start, start + width].map((time) => chart.valToPos(time / 1000, 'x', true));
    veil(ctx, left ?? 0, bbox.top, (right ?? 0) - (left ?? 0), bbox.height);
  }
  const highest = Math.max(...limits.map(({ value }) => value));
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  for (const { label, value, color } of limits) {
    const y = Math.round(chart.valToPos(value, 'y', true));
    ctx.beginPath();
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.lineWidth = ratio;
    ctx.strokeStyle = ctx.fillStyle = cssColor(color);
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    // The higher one's label is above its line, the lower one's below.
    const above = value === highest && y - 15 * ratio > bbox.top;
    ctx.textBaseline = above ? 'bottom' : 'top';
    const [x, at] = [bbox.left + bbox.width - 4 * ratio, y + (above ? -2 : 3) * ratio];
    ctx.setLineDash([]);
    ctx.lineWidth = 3 * ratio;
    ctx.strokeStyle = cssColor('--surface');
    ctx.strokeText(label, x, at);
    ctx.fillText(label, x, at);
  }
  ctx.restore();
}

/** Lighter, and hatched. */
function veil(ctx: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  ctx.fillStyle = faded(cssColor('--surface'), 0.55);
  ctx.fillRect(x, y, width, height);
  ctx.beginPath();
  ctx.strokeStyle = faded(cssColor('--text-muted'), 0.35);
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([]);
  for (let at = x - height; at < x + width; at += 6 * uPlot.pxRatio) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
  ctx.restore();
}
