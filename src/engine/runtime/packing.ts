/** Sequences that run together; `indices` point into the list that was packed. */
export interface Batch {
  readonly indices: readonly number[];
  readonly tokens: number;
  readonly longest: number;
}

export interface PackingLimits {
  /** Tokens a batch may hold; a single longer sequence makes a batch of its own. */
  readonly tokens: number;
  /** Share by which the longest sequence of a batch may exceed the shortest. */
  readonly spread: number;
}

/**
 * Sorts sequences by length and cuts them into batches of similar lengths. Linear layers cost the same however tokens
 * are batched; attention runs on a grid as wide as the longest sequence, so what is saved by small spreads is grid.
 * The longest come first: memory peaks at once, and the small batches at the end even out the finish.
 */
export function packByLength(lengths: readonly number[], limits: PackingLimits): Batch[] {
  const order = Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]!);
  const batches: Batch[] = [];
  let indices: number[] = [];
  let tokens = 0;
  const flush = (): void => {
    if (indices.length > 0) batches.push({ indices, tokens, longest: lengths[indices[0]!]! });
    indices = [];
    tokens = 0;
  };
  for (const index of order) {
    const length = lengths[index]!;
    const longest = indices.length === 0 ? length : lengths[indices[0]!]!;
    const slack = length < shortLength ? shortLength : length * (1 + limits.spread);
    if (tokens + length > limits.tokens || longest > slack) flush();
    indices.push(index);
    tokens += length;
  }
  flush();
  return batches;
}

/** Below this length attention costs so little that sequences of any length share a batch. */
const shortLength = 48;
