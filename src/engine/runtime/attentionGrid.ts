/**
 * Where attention finds its rows. Linear layers see packed tokens; attention sees a grid of `tiles` rectangles with
 * `queries` rows and `keys` columns each, gathered from the packed tokens and scattered back.
 */
export interface AttentionGrid {
  readonly tiles: number;
  readonly queries: number;
  readonly keys: number;
  /** Packed row of each grid cell; empty if the grid is the packed rows in order. */
  readonly queryRows: Int32Array;
  readonly keyRows: Int32Array;
  /** Grid cell of each packed row; empty likewise. */
  readonly outputRows: Int32Array;
  /** Added to the scores, `[tiles or 1, queries, keys]`: 0 where a query sees a key, else {@link hidden}; empty if all do. */
  readonly bias: Float32Array;
}

/** Large enough that exp() of it is 0, small enough that sums with it stay finite. */
const hidden = -1e9;

/** Queries a tile of windowed attention holds; longer ones waste less on the window's edges but more on the keys between. */
const tileQueries = 128;

/**
 * The grid for sequences of these lengths (a batch of {@link packByLength}, longest first).
 * Whole sequences are the tiles, except where a window makes it cheaper to cut them: then a tile holds
 * {@link tileQueries} queries and the keys their windows reach, so that cost and memory stay linear in tokens.
 */
export function attentionGrid(lengths: readonly number[], window: number | undefined): AttentionGrid {
  const longest = lengths.reduce((a, b) => Math.max(a, b), 0);
  if (window !== undefined && longest > tileQueries + 2 * window) return windowGrid(lengths, window);
  return wholeGrid(lengths, longest, window);
}

/** Where the first token of each sequence finds the tokens it sees: one row of `keys` cells a sequence. */
export interface FirstTokenGrid {
  readonly keys: number;
  /** Packed row of each cell, `[sequences, keys]`. */
  readonly keyRows: Int32Array;
  /** Cell of each packed row. */
  readonly cells: Int32Array;
  /** Sequence of each packed row. */
  readonly sequences: Int32Array;
  /** Added to the scores, `[sequences, keys]`: 0 or {@link hidden}. */
  readonly bias: Float32Array;
}

export function firstTokenGrid(lengths: readonly number[], window: number | undefined): FirstTokenGrid {
  const keys = lengths.reduce((a, b) => Math.max(a, b), 0);
  const total = lengths.reduce((a, b) => a + b, 0);
  const keyRows = new Int32Array(lengths.length * keys);
  const bias = new Float32Array(lengths.length * keys);
  const cells = new Int32Array(total);
  const sequences = new Int32Array(total);
  let start = 0;
  for (const [sequence, length] of lengths.entries()) {
    const first = sequence * keys;
    for (let i = 0; i < length; i++) {
      keyRows[first + i] = start + i;
      cells[start + i] = first + i;
      sequences[start + i] = sequence;
    }
    const seen = Math.min(length, (window ?? Infinity) + 1);
    bias.fill(hidden, first + seen, first + keys);
    start += length;
  }
  return { keys, keyRows, cells, sequences, bias };
}

function wholeGrid(lengths: readonly number[], longest: number, window: number | undefined): AttentionGrid {
  const equal = lengths.every((length) => length === longest);
  const reach = window ?? longest;
  const windowed = reach < longest - 1;
  const tiles = lengths.length;
  const shape = { tiles, queries: longest, keys: longest };
  const none = new Int32Array();
  if (equal) {
    const bias = windowed ? new Float32Array(longest * longest) : new Float32Array();
    if (windowed) fillBias(bias, longest, longest, 0, longest, reach);
    return { ...shape, queryRows: none, keyRows: none, outputRows: none, bias };
  }
  const rows = new Int32Array(tiles * longest);
  const outputRows = new Int32Array(lengths.reduce((a, b) => a + b, 0));
  const bias = new Float32Array(tiles * longest * longest);
  let start = 0;
  for (const [tile, length] of lengths.entries()) {
    for (let i = 0; i < length; i++) {
      rows[tile * longest + i] = start + i;
      outputRows[start + i] = tile * longest + i;
    }
    fillBias(bias.subarray(tile * longest * longest), longest, longest, 0, length, reach);
    start += length;
  }
  return { ...shape, queryRows: rows, keyRows: rows, outputRows, bias };
}

function windowGrid(lengths: readonly number[], window: number): AttentionGrid {
  const keys = tileQueries + 2 * window;
  const tiles = lengths.reduce((sum, length) => sum + Math.ceil(length / tileQueries), 0);
  const queryRows = new Int32Array(tiles * tileQueries);
  const keyRows = new Int32Array(tiles * keys);
  const outputRows = new Int32Array(lengths.reduce((a, b) => a + b, 0));
  const bias = new Float32Array(tiles * tileQueries * keys);
  let tile = 0;
  let start = 0;
  for (const length of lengths) {
    for (let first = 0; first < length; first += tileQueries) {
      const count = Math.min(tileQueries, length - first);
      for (let i = 0; i < count; i++) {
        queryRows[tile * tileQueries + i] = start + first + i;
        outputRows[start + first + i] = tile * tileQueries + i;
      }
      const firstKey = first - window;
      for (let j = 0; j < keys; j++) {
        keyRows[tile * keys + j] = start + Math.min(Math.max(firstKey + j, 0), length - 1);
      }
      fillBias(bias.subarray(tile * tileQueries * keys), tileQueries, keys, firstKey, length, window, first);
      tile++;
    }
    start += length;
  }
  return { tiles, queries: tileQueries, keys, queryRows, keyRows, outputRows, bias };
}

/** Hides, for each query, the keys outside of the sequence's `length` or more than `reach` away. */
function fillBias(
  bias: Float32Array,
  queries: number,
  keys: number,
  firstKey: number,
  length: number,
  reach: number,
  firstQuery = 0,
): void {
  for (let i = 0; i < queries; i++) {
    const from = Math.max(firstQuery + i - reach, 0) - firstKey;
    const to = Math.min(firstQuery + i + reach + 1, length) - firstKey;
    const row = i * keys;
    bias.fill(hidden, row, row + Math.min(Math.max(from, 0), keys));
    bias.fill(hidden, row + Math.min(Math.max(to, 0), keys), row + keys);
  }
}
