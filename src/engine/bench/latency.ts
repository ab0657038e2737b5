/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
}

/** By nearest rank; `times` in milliseconds, at least one. */
export function latencyOf(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Number(sorted[Math.ceil(share * sorted.length) - 1]!.toFixed(3));
  return { p50: at(0.5), p95: at(0.95) };
}
