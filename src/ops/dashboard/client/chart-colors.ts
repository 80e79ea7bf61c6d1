const probe = document.createElement('span');
probe.hidden = true;
// Or it would have the one colour that forced colours have for text.
probe.style.forcedColorAdjust = 'none';

/** A CSS custom property as the colour it resolves to: a canvas knows neither var() nor light-dark(). */
export function cssColor(property: string): string {
  document.body.append(probe);
  probe.style.color = `var(${property})`;
  return getComputedStyle(probe).color;
}

/** The same colour, more transparent. */
export function faded(color: string, alpha: number): string {
  const [r = '0', g = '0', b = '0'] = color.match(/[\d.]+/g) ?? [];
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
