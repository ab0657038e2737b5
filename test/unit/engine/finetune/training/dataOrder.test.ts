import assert from 'node:assert/strict';
import test from 'node:test';
import { batchesWithoutDuplicates, epochOrder } from '../../../../../src/engine/finetune/training/dataOrder.ts';
import type { TrainingPair } from '../../../../../src/engine/finetune/training/trainingTypes.ts';

test('an order depends on seed and epoch alone, and holds everything once', () => {
  const first = epochOrder(100, 0, { seed: 1, shuffle: true });
  assert.deepEqual(first, epochOrder(100, 0, { seed: 1, shuffle: true }));
  assert.notDeepEqual(first, epochOrder(100, 1, { seed: 1, shuffle: true }));
  assert.notDeepEqual(first, epochOrder(100, 0, { seed: 2, shuffle: true }));
  const sorted = Array.from({ length: 100 }, (_, index) => index);
  assert.deepEqual(
    first.toSorted((a, b) => a - b),
    sorted,
  );
  assert.deepEqual(epochOrder(100, 3, { seed: 1, shuffle: false }), sorted);
});

function batches(pairs: readonly TrainingPair[], size: number, negatives = 0): number[][] {
  const order = pairs.map((_, index) => index);
  return batchesWithoutDuplicates(pairs, order, { size, negatives }).map((batch) => batch.map(({ pair }) => pair));
}

test('a text is in a batch once', () => {
  const pairs = ['a', 'b', 'a', 'c', 'a'].map((document, index) => ({ query: `q${index}`, document }));
  assert.deepEqual(batches(pairs, 3), [[0, 1, 3]]);
  assert.deepEqual(batches([...pairs, { query: 'q5', document: 'd' }], 3), [
    [0, 1, 3],
    [2, 5],
  ]);
});

test('a query that is the document of another pair waits', () => {
  const pairs = [
    { query: 'a', document: 'b' },
    { query: 'b', document: 'c' },
    { query: 'd', document: 'e' },
    { query: 'f', document: 'g' },
  ];
  assert.deepEqual(batches(pairs, 2), [
    [0, 2],
    [1, 3],
  ]);
});

test('negatives that are in the batch already are left out, and their number is kept to', () => {
  const pairs = [
    { query: 'a', document: 'x', negatives: ['n', 'm', 'k'] },
    { query: 'b', document: 'y', negatives: ['x', 'n', 'z'] },
    { query: 'c', document: 'm' },
  ];
  const [first, second] = batchesWithoutDuplicates(pairs, [0, 1, 2], { size: 3, negatives: 2 });
  assert.deepEqual(first, [
    { pair: 0, negatives: [0, 1] },
    { pair: 1, negatives: [2] },
  ]);
  // Its document is a negative of the first batch, where it would count as wrong; alone it has nothing to be told from.
  assert.equal(second, undefined);
});
