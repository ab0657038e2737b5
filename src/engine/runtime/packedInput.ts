export interface PackedInput {
  /** Token ids of all sequences, one after another. */
  readonly ids: Int32Array;
  /** Sequence `b` is `ids[cuSeqlens[b]]` up to `ids[cuSeqlens[b + 1]]`. */
  readonly cuSeqlens: Int32Array;
  /** Token types, for pairs; 0 everywhere if left out. */
  readonly types?: Int32Array;
  /** Tokens whose prediction is trained; none if left out. */
  readonly selection?: Selection;
}

/** Tokens of a pack that are asked about. */
export interface Selection {
  /** Their rows in the pack, ascending. */
  readonly rows: Int32Array;
  /** The right token id of each. */
  readonly targets: Int32Array;
  /** How much each counts in the loss. */
  readonly share: number;
}

/** The lists at these indices, one after another. */
export function packedInput(lists: readonly Int32Array[], indices: readonly number[]): PackedInput {
  const cuSeqlens = new Int32Array(indices.length + 1);
  for (const [sequence, index] of indices.entries())
    cuSeqlens[sequence + 1] = cuSeqlens[sequence]! + lists[index]!.length;
  const ids = new Int32Array(cuSeqlens.at(-1)!);
  for (const [sequence, index] of indices.entries()) ids.set(lists[index]!, cuSeqlens[sequence]);
  return { ids, cuSeqlens };
}

export function sequenceLengths({ cuSeqlens }: PackedInput): number[] {
  return Array.from({ length: cuSeqlens.length - 1 }, (_, b) => cuSeqlens[b + 1]! - cuSeqlens[b]!);
}

export function longestOf(lengths: readonly number[]): number {
  return lengths.reduce((longest, length) => Math.max(longest, length), 0);
}

/** Tokens of all sequences. */
export function totalOf(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}
