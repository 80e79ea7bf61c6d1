/**
 * What the browser keeps. A browser may refuse (private windows, policies): then it is kept as long as the page.
 */
function slot(
  storage: () => Storage,
  key: string,
): { get(): string | null; set(value: string | null): void } {
  let kept: string | null = null;
  return {
    get(): string | null {
      try {
        return storage().getItem(key) ?? kept;
      } catch {
        return kept;
      }
    },
    set(value: string | null): void {
      kept = value;
      try {
        if (value === null) {
          storage().removeItem(key);
        } else {
          storage().setItem(key, value);
        }
      } catch {
        // Kept above.
      }
    },
  };
}

/** The admin token: for this tab only, gone when it is closed. */
export const storedToken = slot(() => sessionStorage, 'ops.token');
/** `light` or `dark`; null follows the system. */
export const storedTheme = slot(() => localStorage, 'ops.theme');
/** Seconds between two refreshes. */
export const storedRefresh = slot(() => localStorage, 'ops.refresh');
