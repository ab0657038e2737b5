import assert from 'node:assert/strict';
import test from 'node:test';
import { learningRateAt } from '../../../../../src/engine/finetune/training/learningRate.ts';

function rates(schedule: 'linear' | 'cosine' | 'constant', warmup: number): number[] {
  return Array.from({ length: 10 }, (_, step) => learningRateAt(step, 10, { learningRate: 1, warmup, schedule }));
}

function close(actual: readonly number[], expected: readonly number[]): void {
  for (const [index, value] of expected.entries()) assert.ok(Math.abs(actual[index]! - value) < 1e-12, `step ${index}`);
}

test('schedules rise over the warm-up and fall to 0', () => {
  close(rates('linear', 0), [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
  close(rates('linear', 0.2), [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
  close(rates('constant', 0.1), [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const cosine = rates('cosine', 0.2);
  assert.equal(cosine[2], 1);
  assert.ok(Math.abs(cosine[6]! - 0.5) < 1e-12);
  assert.ok(cosine[9]! < 0.04);
});
