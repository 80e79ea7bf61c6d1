import { svg } from './dom.js';

const WIDTH = 120;
const HEIGHT = 28;
const PAD = 2;

/** A line without axes; where values are missing it is interrupted. Decoration: the number beside it says it. */
export function sparkline(values: readonly (number | null)[]): SVGSVGElement {
  const present = values.filter((value) => value !== null);
  const low = Math.min(...present);
  const span = Math.max(...present) - low;
  const x = (index: number): number =>
    values.length < 2 ? WIDTH / 2 : PAD + (index * (WIDTH - 2 * PAD)) / (values.length - 1);
  const y = (value: number): number =>
    span === 0 ? HEIGHT / 2 : HEIGHT - PAD - ((value - low) / span) * (HEIGHT - 2 * PAD);
  let path = '';
  let pen = 'M';
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    path += `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = 'L';
  });
  return svg(
    'svg',
    {
      class: 'sparkline',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
      focusable: 'false',
    },
    svg('path', { d: path, 'vector-effect': 'non-scaling-stroke' }),
  );
}
