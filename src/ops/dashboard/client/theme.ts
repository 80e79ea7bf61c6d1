import type { TemplateResult } from 'lit-html';
import { storedTheme } from './storage.js';
import { select } from './templates.js';

const CHOICES = [
  ['', 'auto'],
  ['light', 'light'],
  ['dark', 'dark'],
] as const;

/** Light, dark, or empty for what the system says. */
const chosen = (): string => CHOICES.find(([value]) => value === storedTheme.get())?.[0] ?? '';

export function applyTheme(): void {
  document.documentElement.dataset.theme = chosen();
}

/** @param onChange the colours are others now: canvases have no cascade */
export const themeChoice = (onChange: () => void): TemplateResult =>
  select('theme', 'Theme', CHOICES, chosen(), (theme) => {
    storedTheme.set(theme === '' ? null : theme);
    applyTheme();
    onChange();
  });
