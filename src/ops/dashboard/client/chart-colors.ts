const probe = document.createElement('span');
probe.hidden = true;
// Or it would have the one colour that forced colours have for text.
probe.style.forcedColorAdjust = 'none';

/** A CSS custom property as the colour it resolves to: a canvas knows neither var() nor light-dark(). */
export function cssColor(property: string, percent = 100): string {
  document.body.append(probe);
  probe.style.color = `color-mix(in srgb, var(${property}) ${percent}%, transparent)`;
  return getComputedStyle(probe).color;
}
