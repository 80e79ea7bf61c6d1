import uPlot from 'uplot';
import { cssColor } from './chart-colors.js';
import type { Picture } from './chart-picture.js';

export const fontOf = (pixels: number): string => `${pixels}px system-ui, sans-serif`;

/** Tells the style where the bucket is that is not over: see .u-over::before. */
export function placeVeil(chart: uPlot, { starts, width }: Picture): void {
  const start = starts.at(-1) ?? 0;
  chart.over.style.setProperty('--veil-from', `${chart.valToPos(start / 1000, 'x')}px`);
  chart.over.style.setProperty('--veil-to', `${chart.valToPos((start + width) / 1000, 'x')}px`);
}

/** The limits of the objectives, as dashed lines with labels, which begin where no veil covers them. */
export function drawLimits(chart: uPlot, { limits }: Picture): void {
  const { ctx, bbox } = chart;
  const ratio = uPlot.pxRatio;
  const highest = Math.max(...limits.map(({ value }) => value));
  ctx.save();
  ctx.font = fontOf(11 * ratio);
  ctx.textAlign = 'left';
  for (const { label, value, color } of limits) {
    const y = Math.round(chart.valToPos(value, 'y', true));
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.lineWidth = ratio;
    ctx.strokeStyle = ctx.fillStyle = cssColor(color);
    ctx.stroke(new Path2D(`M${bbox.left} ${y}h${bbox.width}`));
    // The higher one's label is above its line, the lower one's below.
    const above = value === highest && y - 15 * ratio > bbox.top;
    ctx.textBaseline = above ? 'bottom' : 'top';
    const [x, at] = [bbox.left + 4 * ratio, y + (above ? -2 : 3) * ratio];
    ctx.setLineDash([]);
    ctx.lineWidth = 3 * ratio;
    ctx.strokeStyle = cssColor('--surface');
    ctx.strokeText(label, x, at);
    ctx.fillText(label, x, at);
  }
  ctx.restore();
}
