const focusable = 'a[href], button, input, select, summary, textarea, [tabindex]:not([tabindex="-1"])';

/**
 * Draws. When what had the focus is gone afterwards, the nearest control before it that is still there gets it, else the first one:
 * the keyboard goes on where it was instead of at the top of the page.
 */
export function keepingFocus(root: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const before = [...root.querySelectorAll<HTMLElement>(focusable)];
  draw();
  const lost = focused !== null && focused !== document.body && !focused.isConnected;
  if (!lost || !document.hasFocus()) return;
  const at = before.findIndex((control) => control === focused);
  const nearest = before.slice(0, Math.max(0, at)).findLast(canTake);
  (nearest ?? root.querySelector<HTMLElement>(focusable))?.focus();
}

function canTake(control: HTMLElement): boolean {
  return control.isConnected && control.checkVisibility() && !control.matches(':disabled');
}
