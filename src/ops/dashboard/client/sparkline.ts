import { svg, type TemplateResult } from 'lit-html';

const WIDTH = 120;
const HEIGHT = 28;
const PAD = 2;

/** A line without axes; where values are missing it is interrupted. Decoration: the number beside it says it. */
export function sparkline(values: readonly (number | null)[]): TemplateResult {
  const present = values.filter((value) => value !== null);
  const low = Math.min(...present);
  const span = Math.max(...present) - low;
  const step = (WIDTH - 2 * PAD) / Math.max(1, values.length - 1);
  const y = (value: number): number =>
    span === 0 ? HEIGHT / 2 : HEIGHT - PAD - ((value - low) / span) * (HEIGHT - 2 * PAD);
  const path = values.map((value, index) =>
    value === null
      ? ''
      : `${values[index - 1] == null ? 'M' : 'L'}${(PAD + index * step).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  return svg`<svg class="sparkline" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    <path d=${path.join('')} vector-effect="non-scaling-stroke" />
  </svg>`;
}
