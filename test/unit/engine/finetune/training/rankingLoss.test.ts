import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../../../../src/engine/bench/seededRandom.ts';
import { rankingLoss } from '../../../../../src/engine/finetune/training/rankingLoss.ts';
import type { Matrix } from '../../../../../src/engine/runtime/ortModel.ts';

const plain = { scale: 20, symmetric: false, matryoshka: [] };

/** Random rows of length 1. */
function unitRows(rows: number, columns: number, seed: number): Matrix {
  const random = new SeededRandom(seed);
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const values = Array.from({ length: columns }, () => random.gaussian());
    const length = Math.hypot(...values);
    data.set(
      values.map((value) => value / length),
      row * columns,
    );
  }
  return { data, rows, columns };
}

test('the loss is the mean cross-entropy of the scaled cosines', () => {
  const axes = { data: Float32Array.of(1, 0, 0, 1), rows: 2, columns: 2 };
  const { loss } = rankingLoss(axes, axes, plain);
  assert.ok(Math.abs(loss - Math.log(1 + Math.exp(-20))) < 1e-12);
  const same = { data: Float32Array.of(1, 0, 1, 0), rows: 2, columns: 2 };
  assert.ok(Math.abs(rankingLoss(same, same, plain).loss - Math.log(2)) < 1e-12);
});

test('documents beyond the queries are wrong answers', () => {
  const queries = { data: Float32Array.of(1, 0), rows: 1, columns: 2 };
  const documents = { data: Float32Array.of(1, 0, 1, 0, 0, 1), rows: 3, columns: 2 };
  assert.ok(Math.abs(rankingLoss(queries, documents, plain).loss - Math.log(2)) < 1e-8);
});

test('the gradient is the change of the loss, with every option', () => {
  const queries = unitRows(4, 8, 1);
  for (const [settings, documentCount] of [
    [plain, 7],
    [{ ...plain, symmetric: true }, 6],
    [
      {
        ...plain,
        matryoshka: [
          { dimension: 4, weight: 0.5 },
          { dimension: 2, weight: 2 },
        ],
      },
      7,
    ],
  ] as const) {
    const documents = unitRows(documentCount, 8, 2);
    const { queries: dQueries, documents: dDocuments } = rankingLoss(queries, documents, settings);
    for (const [matrix, gradient] of [
      [queries, dQueries],
      [documents, dDocuments],
    ] as const) {
      for (let index = 0; index < matrix.data.length; index++) {
        const before = matrix.data[index]!;
        const lossAt = (value: number): number => {
          matrix.data[index] = value;
          return rankingLoss(queries, documents, settings).loss;
        };
        const above = Math.fround(before + 1e-3);
        const below = Math.fround(before - 1e-3);
        const expected = (lossAt(above) - lossAt(below)) / (above - below);
        matrix.data[index] = before;
        assert.ok(
          Math.abs(gradient.data[index]! - expected) < 2e-3 * Math.max(1, Math.abs(expected)),
          `${gradient.data[index]}, not ${expected}`,
        );
      }
    }
  }
});
