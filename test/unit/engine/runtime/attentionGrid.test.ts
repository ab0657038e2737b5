import assert from 'node:assert/strict';
import test from 'node:test';
import { attentionGrid, firstTokenGrid, type AttentionGrid } from '../../../../src/engine/runtime/attentionGrid.ts';

/** For each packed row, the packed rows it sees, as the grid says. */
function seen(grid: AttentionGrid, total: number): number[][] {
  const { tiles, queries, keys, bias } = grid;
  const rowsOf = (rows: Int32Array, count: number): Int32Array =>
    rows.length > 0 ? rows : Int32Array.from({ length: tiles * count }, (_, index) => index);
  const outputRows = rowsOf(grid.outputRows, queries);
  const keyRows = rowsOf(grid.keyRows, keys);
  const queryRows = rowsOf(grid.queryRows, queries);
  return Array.from({ length: total }, (_, row) => {
    const cell = outputRows[row]!;
    assert.equal(queryRows[cell], row, 'what is gathered for a cell is what comes back from it');
    const tile = Math.floor(cell / queries);
    const biasTile = bias.length === queries * keys ? 0 : tile;
    const at = (biasTile * queries + (cell % queries)) * keys;
    return Array.from({ length: keys }, (_, j) => j)
      .filter((j) => bias.length === 0 || bias[at + j] === 0)
      .map((j) => keyRows[tile * keys + j]!);
  });
}

function expected(lengths: readonly number[], window = Infinity): number[][] {
  const result: number[][] = [];
  let start = 0;
  for (const length of lengths) {
    for (let i = 0; i < length; i++) {
      const from = Math.max(0, i - window);
      const to = Math.min(length - 1, i + window);
      result.push(Array.from({ length: to - from + 1 }, (_, k) => start + from + k));
    }
    start += length;
  }
  return result;
}

const packs = [
  [1],
  [5, 5, 5],
  [66, 66],
  [65],
  [7, 5, 1],
  [130, 129, 64],
  [257],
  [258, 256, 3],
  [700],
  [640, 640],
  [1000, 999],
];

test('each token sees its own sequence, within its window', () => {
  for (const lengths of packs) {
    const total = lengths.reduce((a, b) => a + b, 0);
    for (const window of [undefined, 64, 3]) {
      const grid = attentionGrid(lengths, window);
      assert.deepEqual(
        seen(grid, total),
        expected(lengths, window),
        `[${lengths.join(', ')}], window ${window ?? 'none'}`,
      );
    }
  }
});

test('sequences of one length need no gathering, and no mask where all see all', () => {
  const plain = attentionGrid([65, 65], 64);
  assert.deepEqual([plain.outputRows.length, plain.bias.length], [0, 0]);
  const masked = attentionGrid([66, 66], 64);
  assert.deepEqual([masked.outputRows.length, masked.bias.length], [0, 66 * 66], 'one mask serves both');
});

test('windowed attention costs memory in proportion to tokens', () => {
  const cells = (length: number): number => attentionGrid([length], 64).bias.length;
  assert.ok(cells(8192) <= 8.1 * cells(1024));
});

test('a first token sees the first keys of its sequence', () => {
  for (const lengths of packs) {
    const starts = lengths.map((_, index) => lengths.slice(0, index).reduce((a, b) => a + b, 0));
    for (const window of [undefined, 64, 3]) {
      const { keys, keyRows, cells, bias } = firstTokenGrid(lengths, window);
      const sequences = lengths.flatMap((length, sequence) => new Array<number>(length).fill(sequence));
      for (const [sequence, start] of starts.entries()) {
        const rows = Array.from({ length: keys }, (_, j) => sequence * keys + j)
          .filter((cell) => bias[cell] === 0)
          .map((cell) => keyRows[cell]!);
        assert.deepEqual(rows, expected(lengths, window)[start]);
      }
      for (const [row, cell] of cells.entries()) {
        assert.equal(keyRows[cell], row);
        assert.equal(Math.floor(cell / keys), sequences[row]);
      }
    }
  }
});
