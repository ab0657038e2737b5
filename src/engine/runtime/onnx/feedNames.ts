export interface Rotary {
  readonly theta: number;
  readonly headSize: number;
}

/** Names of the graph's inputs. */
export const feedNames = {
  ids: 'input_ids',
  positions: 'positions',
  types: 'token_types',
  /** `[B, T]`: 1 / length where the token belongs to the sequence. */
  mean: 'pool_mean',
  /** `[B]`: first row of each sequence. */
  first: 'pool_first',
  /** `[B, T]`: 1 where the token belongs to the sequence. */
  sum: 'pool_sum',
  /** `[T]`: sequence of each row. */
  sequences: 'sequences',
  /** `[T]`: sequence of each first row, and B for the others. */
  firstSequences: 'first_sequences',
  /** `[B, 1]`: 1 / length. */
  shares: 'shares',
  /** `[M]`: rows of the tokens that are asked about. */
  selected: 'selected',
  /** `[T]`: where among the selected rows each row is, and M for the others. */
  selectedPlaces: 'selected_places',
  /** `[M, 1]`: the right token of each selected row. */
  targets: 'targets',
  /** `[M, 1]`: how much each selected row counts in the loss. */
  targetShares: 'target_shares',
  cos: ({ theta, headSize }: Rotary) => `cos_${theta}_${headSize}`,
  sin: ({ theta, headSize }: Rotary) => `sin_${theta}_${headSize}`,
  firstGrid: (window: number | undefined) => {
    const name = window === undefined ? 'first_global' : `first_window_${window}`;
    return { keyRows: `${name}_key_rows`, cells: `${name}_cells`, shape: `${name}_shape`, bias: `${name}_bias` };
  },
  grid: (window: number | undefined) => {
    const name = window === undefined ? 'global' : `window_${window}`;
    return {
      gathered: `${name}_gathered`,
      biased: `${name}_biased`,
      queryShape: `${name}_query_shape`,
      keyShape: `${name}_key_shape`,
      queryRows: `${name}_query_rows`,
      keyRows: `${name}_key_rows`,
      outputRows: `${name}_output_rows`,
      bias: `${name}_bias`,
      /** `[tiles · queries]`: packed row of each query cell, T where there is none. */
      gradientRows: `${name}_gradient_rows`,
      /** `[slots, T]`: the key cells of each row. */
      keyCells: `${name}_key_cells`,
      /** `[slots, T, 1]`: 1 where the cell exists. */
      keyMask: `${name}_key_mask`,
    };
  },
} as const;
