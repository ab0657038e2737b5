import * as ort from 'onnxruntime-node';
import { attentionGrid, firstTokenGrid, gradientCells } from './attentionGrid.ts';
import type { FeedPlan, RowFeed } from './onnx/feedInputs.ts';
import { feedNames, type Rotary } from './onnx/feedNames.ts';
import { longestOf, sequenceLengths, type PackedInput, type Selection } from './packedInput.ts';
import { rotaryTable, type RotaryTable } from './rotaryTables.ts';

export type Feeds = Record<string, ort.Tensor>;

/** Makes what a graph is fed with from packed tokens. */
export class PackedFeeds {
  readonly #plan: FeedPlan;
  readonly #rotaryTables = new Map<string, RotaryTable>();

  constructor(plan: FeedPlan) {
    this.#plan = plan;
  }

  make(input: PackedInput): Feeds {
    const lengths = sequenceLengths(input);
    const feeds: Feeds = {};
    for (const row of this.#plan.rows) feeds[feedNames[row]] = rowFeed(row, input, lengths);
    const longest = longestOf(lengths);
    for (const rotary of this.#plan.rotaries) this.#addRotary(feeds, rotary, longest);
    for (const window of this.#plan.grids) addGrid(feeds, lengths, window, this.#plan.explicitGrids.includes(window));
    for (const window of this.#plan.gradientGrids) addGradientGrid(feeds, lengths, window);
    for (const window of this.#plan.firstGrids) addFirstGrid(feeds, lengths, window);
    return feeds;
  }

  #addRotary(feeds: Feeds, rotary: Rotary, longest: number): void {
    const key = feedNames.cos(rotary);
    let table = this.#rotaryTables.get(key);
    if (table === undefined || table.positions < longest) {
      table = rotaryTable(rotary, Math.max(longest, 2 * (table?.positions ?? 256)));
      this.#rotaryTables.set(key, table);
    }
    const dims = [table.positions, rotary.headSize / 2];
    feeds[key] = new ort.Tensor('float32', table.cos, dims);
    feeds[feedNames.sin(rotary)] = new ort.Tensor('float32', table.sin, dims);
  }
}

const nothing: Selection = { rows: new Int32Array(0), targets: new Int32Array(0), share: 0 };

function rowFeed(
  name: RowFeed,
  { ids, types, cuSeqlens, selection = nothing }: PackedInput,
  lengths: readonly number[],
): ort.Tensor {
  const total = ids.length;
  const count = lengths.length;
  switch (name) {
    case 'ids':
      return integers(ids);
    case 'types':
      return integers(types ?? new Int32Array(total));
    case 'positions':
      return new ort.Tensor('int64', positionsOf(lengths, total), [total, 1]);
    case 'mean':
      return new ort.Tensor('float32', membership(lengths, total, true), [count, total]);
    case 'sum':
      return new ort.Tensor('float32', membership(lengths, total, false), [count, total]);
    case 'first':
      return integers(cuSeqlens.slice(0, count));
    case 'sequences':
      return integers(Int32Array.from(lengths.flatMap((length, b) => new Array<number>(length).fill(b))));
    case 'firstSequences': {
      const rows = new Int32Array(total).fill(count);
      for (let b = 0; b < count; b++) rows[cuSeqlens[b]!] = b;
      return integers(rows);
    }
    case 'shares': {
      const shares = Float32Array.from(lengths, (length) => 1 / length);
      return new ort.Tensor('float32', shares, [count, 1]);
    }
    case 'selected':
      return integers(selection.rows);
    case 'selectedPlaces': {
      const places = new Int32Array(total).fill(selection.rows.length);
      for (const [place, row] of selection.rows.entries()) places[row] = place;
      return integers(places);
    }
    case 'targets':
      return new ort.Tensor('int32', selection.targets, [selection.targets.length, 1]);
    case 'targetShares': {
      const asked = selection.rows.length;
      return new ort.Tensor('float32', new Float32Array(asked).fill(selection.share), [asked, 1]);
    }
  }
}

function addGrid(feeds: Feeds, lengths: readonly number[], window: number | undefined, explicit: boolean): void {
  const names = feedNames.grid(window);
  const grid = attentionGrid(lengths, window, explicit);
  const gathered = grid.outputRows.length > 0;
  const biased = grid.bias.length > 0;
  const area = grid.queries * grid.keys;
  const biasDims = biased ? [grid.bias.length / area, 1, grid.queries, grid.keys] : [1, 1, 1, 1];
  const shape = (rows: number): ort.Tensor =>
    new ort.Tensor('int64', BigInt64Array.of(BigInt(grid.tiles), BigInt(rows), -1n), [3]);
  feeds[names.gathered] = new ort.Tensor('bool', [gathered], []);
  feeds[names.biased] = new ort.Tensor('bool', [biased], []);
  feeds[names.queryShape] = shape(grid.queries);
  feeds[names.keyShape] = shape(grid.keys);
  feeds[names.queryRows] = integers(grid.queryRows);
  feeds[names.keyRows] = integers(grid.keyRows);
  feeds[names.outputRows] = integers(grid.outputRows);
  feeds[names.bias] = new ort.Tensor('float32', biased ? grid.bias : new Float32Array(1), biasDims);
}

function addGradientGrid(feeds: Feeds, lengths: readonly number[], window: number | undefined): void {
  const names = feedNames.grid(window);
  const { queryRows, slots, keyCells, keyMask } = gradientCells(lengths, window);
  const total = keyCells.length / slots;
  feeds[names.gradientRows] = integers(queryRows);
  feeds[names.keyCells] = new ort.Tensor('int32', keyCells, [slots, total]);
  feeds[names.keyMask] = new ort.Tensor('float32', keyMask, [slots, total, 1]);
}

function addFirstGrid(feeds: Feeds, lengths: readonly number[], window: number | undefined): void {
  const names = feedNames.firstGrid(window);
  const { keys, keyRows, cells, bias } = firstTokenGrid(lengths, window);
  feeds[names.keyRows] = integers(keyRows);
  feeds[names.cells] = integers(cells);
  feeds[names.shape] = new ort.Tensor('int64', BigInt64Array.of(BigInt(lengths.length), BigInt(keys), -1n), [3]);
  feeds[names.bias] = new ort.Tensor('float32', bias, [lengths.length, keys, 1]);
}

function positionsOf(lengths: readonly number[], total: number): BigInt64Array {
  const positions = new BigInt64Array(total);
  let row = 0;
  for (const length of lengths) {
    for (let position = 0; position < length; position++) positions[row++] = BigInt(position);
  }
  return positions;
}

/** `[B, T]`: 1, or 1 / length, where the token belongs to the sequence, else 0. */
function membership(lengths: readonly number[], total: number, mean: boolean): Float32Array {
  const matrix = new Float32Array(lengths.length * total);
  let start = 0;
  for (const [sequence, length] of lengths.entries()) {
    const row = sequence * total + start;
    matrix.fill(mean ? 1 / length : 1, row, row + length);
    start += length;
  }
  return matrix;
}

function integers(values: Int32Array): ort.Tensor {
  return new ort.Tensor('int32', values, [values.length]);
}
