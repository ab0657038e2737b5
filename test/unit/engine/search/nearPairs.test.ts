import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearPairs } from '../../../../src/engine/search/nearPairs.ts';
import { dot, meanDirection } from '../../../../src/engine/search/vectors.ts';

/** Deterministic Gaussian-like vectors (a linear congruential generator), L2-normalised. */
function randomVectors(count: number, dimension: number): Float32Array[] {
  let state = 42;
  const next = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32 - 0.5;
  return Array.from({ length: count }, () => normalised(Float32Array.from({ length: dimension }, next)));
}

function normalised(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / norm);
}

const { signal } = new AbortController();

for (const count of [100, 3500]) {
  test(`planted twins are found among ${count} vectors, and nothing else`, async () => {
    const vectors = randomVectors(count, 192);
    const planted = [3, 17, 50];
    for (const index of planted) {
      vectors[index + 1] = normalised(vectors[index]!.map((value, at) => value + (at % 7 === 0 ? 0.02 : 0)));
    }
    const pairs = await nearPairs(vectors, 0.9, signal);
    assert.deepEqual(
      pairs.map(({ left, right }) => [left, right]).sort((a, b) => a[0]! - b[0]!),
      planted.map((index) => [index, index + 1]),
    );
    for (const { left, right, cosine } of pairs) assert.equal(cosine, dot(vectors[left]!, vectors[right]!));
  });
}

test('nothing in, nothing out', async () => {
  assert.deepEqual(await nearPairs([], 0.9, signal), []);
});

test('a cancelled run rejects with the reason', async () => {
  const abort = new AbortController();
  abort.abort(new Error('stop'));
  await assert.rejects(nearPairs(randomVectors(1000, 8), 0.9, abort.signal), /stop/);
});

test('mean direction', () => {
  assert.deepEqual(meanDirection([]), undefined);
  const mean = meanDirection([Float32Array.of(1, 0), Float32Array.of(0, 1)])!;
  assert.ok(Math.abs(mean[0]! - Math.SQRT1_2) < 1e-6 && Math.abs(mean[1]! - Math.SQRT1_2) < 1e-6);
});
