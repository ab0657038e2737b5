import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../../../../src/engine/bench/seededRandom.ts';
import { addAnchorLoss } from '../../../../../src/engine/finetune/training/anchorLoss.ts';

function randomRow(random: SeededRandom): Float32Array {
  const values = Float32Array.from({ length: 6 }, () => random.gaussian());
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

test('what stays where it was costs nothing, and the opposite costs twice the weight', () => {
  const row = randomRow(new SeededRandom(1));
  const matrix = { data: row, rows: 1, columns: 6 };
  assert.ok(Math.abs(addAnchorLoss(matrix, [row], 3, new Float32Array(6))) < 1e-6);
  const opposite = row.map((value) => -value);
  assert.ok(Math.abs(addAnchorLoss(matrix, [opposite], 3, new Float32Array(6)) - 6) < 1e-6);
});

test('the gradient is the change of the loss, on top of what was there', () => {
  const random = new SeededRandom(2);
  const before = [randomRow(random), randomRow(random)];
  const data = Float32Array.from([...randomRow(random), ...randomRow(random)]);
  const lossAt = (values: Float32Array): number =>
    addAnchorLoss({ data: values, rows: 2, columns: 6 }, before, 2, new Float32Array(12));
  const gradient = new Float32Array(12).fill(1);
  addAnchorLoss({ data, rows: 2, columns: 6 }, before, 2, gradient);
  for (let index = 0; index < data.length; index++) {
    const [up, down] = [0.01, -0.01].map((change) => data.map((value, at) => (at === index ? value + change : value)));
    const slope = (lossAt(up!) - lossAt(down!)) / 0.02;
    assert.ok(Math.abs(gradient[index]! - 1 - slope) < 1e-4, `${gradient[index]! - 1} is not ${slope}`);
  }
});
