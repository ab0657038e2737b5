import { longestOf, totalOf } from './packedInput.ts';

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
 * {@link tileQueries} queries and the keys their windows reach, so that cost and memory stay linear in tokens. An
 * explicit grid names its rows and their bias even where the packed rows in order would do.
 */
export function attentionGrid(lengths: readonly number[], window: number | undefined, explicit = false): AttentionGrid {
  const longest = longestOf(lengths);
  if (isCut(longest, window)) return windowGrid(lengths, window);
  return wholeGrid(lengths, longest, window, explicit);
}

function isCut(longest: number, window: number | undefined): window is number {
  return window !== undefined && longest > tileQueries + 2 * window;
}

/** Where the gradients of attention on the same grid come from and go to. */
export interface GradientCells {
  /** Packed row of each query cell, and the number of rows for cells that hold no query. */
  readonly queryRows: Int32Array;
  /** How many key cells a row may have: 1, or more where windows of neighbouring tiles overlap. */
  readonly slots: number;
  /** `[slots, rows]`: key cells of each row; 0 where `keyMask` is 0 and not 1. */
  readonly keyCells: Int32Array;
  readonly keyMask: Float32Array;
}

export function gradientCells(lengths: readonly number[], window: number | undefined): GradientCells {
  const longest = longestOf(lengths);
  const total = totalOf(lengths);
  const cut = isCut(longest, window);
  const queries = cut ? tileQueries : longest;
  const margin = cut ? window : 0;
  const keys = queries + 2 * margin;
  const tiles = lengths.reduce((sum, length) => sum + Math.ceil(length / queries), 0);
  const slots = 1 + 2 * Math.ceil(margin / queries);
  const queryRows = new Int32Array(tiles * queries).fill(total);
  const keyCells = new Int32Array(slots * total);
  const keyMask = new Float32Array(slots * total);
  let tile = 0;
  let start = 0;
  for (const length of lengths) {
    for (let first = 0; first < length; first += queries) {
      for (let i = first; i < Math.min(first + queries, length); i++) queryRows[tile * queries + i - first] = start + i;
      for (let j = Math.max(first - margin, 0); j < Math.min(first + queries + margin, length); j++) {
        // A row's own tile, the one before and so on are as many slots as its key may be seen from.
        const slot = (Math.floor(j / queries) - first / queries + slots) % slots;
        keyCells[slot * total + start + j] = tile * keys + j - first + margin;
        keyMask[slot * total + start + j] = 1;
      }
      tile++;
    }
    start += length;
  }
  return { queryRows, slots, keyCells, keyMask };
}

/** Where the first token of each sequence finds the tokens it sees: one row of `keys` cells a sequence. */
export interface FirstTokenGrid {
  readonly keys: number;
  /** Packed row of each cell, `[sequences, keys]`. */
  readonly keyRows: Int32Array;
  /** Cell of each packed row. */
  readonly cells: Int32Array;
  /** Added to the scores, `[sequences, keys]`: 0 or {@link hidden}. */
  readonly bias: Float32Array;
}

export function firstTokenGrid(lengths: readonly number[], window: number | undefined): FirstTokenGrid {
  const keys = longestOf(lengths);
  const total = totalOf(lengths);
  const keyRows = new Int32Array(lengths.length * keys);
  const bias = new Float32Array(lengths.length * keys);
  const cells = new Int32Array(total);
  let start = 0;
  for (const [sequence, length] of lengths.entries()) {
    const first = sequence * keys;
    for (let i = 0; i < length; i++) {
      keyRows[first + i] = start + i;
      cells[start + i] = first + i;
    }
    const seen = Math.min(length, (window ?? Infinity) + 1);
    bias.fill(hidden, first + seen, first + keys);
    start += length;
  }
  return { keys, keyRows, cells, bias };
}

function wholeGrid(
  lengths: readonly number[],
  longest: number,
  window: number | undefined,
  explicit: boolean,
): AttentionGrid {
  const equal = !explicit && lengths.every((length) => length === longest);
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
  const outputRows = new Int32Array(totalOf(lengths));
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
  const outputRows = new Int32Array(totalOf(lengths));
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
