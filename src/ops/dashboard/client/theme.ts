import { byId } from './dom.js';
import { storedTheme } from './storage.js';

/** Light, dark, or what the system says. Canvases have no cascade: they are told of every change. */
export function initTheme(onChange: () => void): void {
  const choice = byId('theme', HTMLSelectElement);
  const apply = (theme: string): void => {
    if (theme === 'light' || theme === 'dark') {
      document.documentElement.dataset.theme = theme;
      choice.value = theme;
    } else {
      delete document.documentElement.dataset.theme;
    }
  };
  apply(storedTheme.get() ?? '');
  choice.addEventListener('change', () => {
    storedTheme.set(choice.value === '' ? null : choice.value);
    apply(choice.value);
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}
