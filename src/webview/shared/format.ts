const numberFormat = new Intl.NumberFormat();

/** `12345` as the user's locale writes it. */
export function count(value: number): string {
  return numberFormat.format(value);
}

/** A share in [0, 1] as whole per cent; never 100 % before it is complete, never 0 % once it has begun. */
export function percent(share: number): string {
  const rounded = Math.round(share * 100);
  const honest = share < 1 ? Math.min(rounded, 99) : rounded;
  return `${share > 0 ? Math.max(honest, 1) : 0} %`;
}

/** A span of time for a summary line: `34 ms`, `1.2 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(1, Math.round(milliseconds))} ms`;
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A rough time to wait: `12 s`, `4 min`, `1 h 20 min`. */
export function eta(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `42` or `42–71`. */
export function lineRange({ startLine, endLine }: { startLine: number; endLine: number }): string {
  return startLine === endLine ? String(startLine) : `${startLine}–${endLine}`;
}

/** `camelCase` or `snake_case` as words. */
export function humanize(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
