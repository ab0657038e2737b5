import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import {
  cosineWithStored,
  decodeVector,
  encodeVector,
  isStorable,
  signBits,
} from '../../../../src/engine/store/vectorCodec.ts';

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function randomUnit(random: SeededRandom, dimension: number, outlier = 1): Float32Array {
  return unit(Float32Array.from({ length: dimension }, (_, i) => random.gaussian() * (i === 7 ? outlier : 1)));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

for (const dimension of [32, 256, 384, 768]) {
  for (const outlier of [1, 40]) {
    test(`a stored vector keeps its cosines: ${dimension} dimensions, outlier ${outlier}`, () => {
      const random = new SeededRandom(dimension + outlier);
      let worst = 0;
      let sum = 0;
      const pairs = 400;
      for (let i = 0; i < pairs; i += 1) {
        const vector = randomUnit(random, dimension, outlier);
        // A near neighbour, as the ones that are ranked are.
        const query = unit(vector.map((value) => value + (0.5 * random.gaussian()) / Math.sqrt(dimension)));
        const blob = encodeVector(vector);
        const error = Math.abs(cosineWithStored(query, blob) - dot(query, vector));
        worst = Math.max(worst, error);
        sum += error;
        assert.ok(Math.abs(dot(decodeVector(blob, dimension), decodeVector(blob, dimension)) - 1) < 1e-5);
        assert.ok(dot(decodeVector(blob, dimension), vector) > 0.9998);
        assert.ok(Math.abs(cosineWithStored(query, blob) - dot(query, decodeVector(blob, dimension))) < 1e-5);
      }
      assert.ok(sum / pairs < 0.001, `mean error ${sum / pairs}`);
      assert.ok(worst < 0.015, `worst error ${worst}`);
    });
  }
}

test('a vector takes a byte a dimension, two where one would lose too much', () => {
  const random = new SeededRandom(1);
  assert.equal(encodeVector(randomUnit(random, 256)).length, 256);
  assert.equal(encodeVector(randomUnit(random, 256, 200)).length, 512);
});

test('a stored vector may lie at an odd address', () => {
  const vector = randomUnit(new SeededRandom(3), 64, 300);
  const blob = encodeVector(vector);
  const shifted = Buffer.concat([Buffer.from([0]), blob]).subarray(1);
  assert.deepEqual(decodeVector(shifted, 64), decodeVector(blob, 64));
});

test('only finite unit vectors of the right length may be stored', () => {
  const good = randomUnit(new SeededRandom(2), 32);
  assert.ok(isStorable(good, 32));
  assert.ok(!isStorable(good, 33));
  assert.ok(
    !isStorable(
      good.map((value) => value * 2),
      32,
    ),
  );
  assert.ok(
    !isStorable(
      good.map((value, i) => (i === 0 ? NaN : value)),
      32,
    ),
  );
  assert.ok(
    !isStorable(
      good.map((value, i) => (i === 0 ? Infinity : value)),
      32,
    ),
  );
  assert.ok(!isStorable(new Float32Array(32), 32));
});

test('signs are filled up to whole bytes', () => {
  assert.deepEqual([...signBits(Float32Array.from([1, -1, 1, 0, 0, 0, 0, 0, 2, -3]))], [0b101, 0b1]);
});
