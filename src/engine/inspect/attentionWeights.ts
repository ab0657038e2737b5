import { attentionGrid } from '../runtime/attentionGrid.ts';

/** Attention weights of a layer over one sequence: `[heads, length, length]`, row by row; each row sums to 1. */
export interface AttentionWeights {
  readonly heads: number;
  readonly length: number;
  /** How far a token sees to each side; all of the sequence if it is not said. */
  readonly window?: number;
  readonly data: Float32Array;
}

/** Puts the weights of one sequence, computed on a grid, `[tiles, heads, queries, keys]`, back into one matrix a head. */
export function attentionWeights(
  grid: Float32Array,
  heads: number,
  length: number,
  window: number | undefined,
): AttentionWeights {
  const { tiles, queries, keys, keyRows, outputRows, bias } = attentionGrid([length], window, true);
  const data = new Float32Array(heads * length * length);
  const biasTiles = bias.length / (queries * keys);
  for (let query = 0; query < length; query++) {
    const cell = outputRows[query]!;
    const tile = Math.floor(cell / queries);
    const row = cell % queries;
    for (let key = 0; key < keys; key++) {
      if (bias[((tile % biasTiles) * queries + row) * keys + key] !== 0) continue;
      const column = keyRows[tile * keys + key]!;
      for (let head = 0; head < heads; head++) {
        const value = grid[((tile * heads + head) * queries + row) * keys + key]!;
        data[(head * length + query) * length + column] = value;
      }
    }
  }
  if (grid.length !== tiles * heads * queries * keys) throw new Error('The weights are of another sequence.');
  return { heads, length, data, ...(window === undefined ? {} : { window }) };
}
