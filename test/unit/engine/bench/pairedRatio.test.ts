import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, pairedRatio } from '../../../../src/engine/bench/pairedRatio.ts';

test('the ratio is that of the medians, the spread that of the rounds', () => {
  const { ratio, spread } = pairedRatio([1, 2, 10], [3, 4, 5]);
  assert.equal(ratio, 2);
  assert.deepEqual(spread, [0.5, 3]);
});

test('the median of an even number lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
});
