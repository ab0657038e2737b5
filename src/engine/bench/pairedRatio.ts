export interface PairedRatio {
  /** Median of theirs over median of ours: how many times as fast we are. */
  readonly ratio: number;
  /** Smallest and largest ratio of a single round. */
  readonly spread: readonly [number, number];
}

/** Compares durations measured in the same rounds, so that what else the machine does weighs on both. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): PairedRatio {
  const ratios = ours.map((own, round) => theirs[round]! / own);
  return { ratio: median(theirs) / median(ours), spread: [Math.min(...ratios), Math.max(...ratios)] };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
