import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import { longestCode, signScan } from '../../../../src/engine/store/signKernel.ts';
import { SignTable, signsOf } from '../../../../src/engine/store/signTable.ts';
import { wordBytes } from '../../../../src/engine/store/wasmCode.ts';

function bitsApart(left: Uint8Array, right: Uint8Array): number {
  let bits = 0;
  for (const [i, byte] of left.entries()) {
    for (let differing = byte ^ right[i]!; differing > 0; differing &= differing - 1) bits += 1;
  }
  return bits;
}

test('the kernel counts bits as one by one, for every length of codes', () => {
  const random = new SeededRandom(5);
  for (const words of [1, 2, 3, 8, longestCode / 8 / wordBytes]) {
    const count = 37;
    const bytes = words * wordBytes;
    const memory = new WebAssembly.Memory({ initial: 1 });
    const all = new Uint8Array(memory.buffer, 0, (1 + count) * bytes);
    for (let i = 0; i < all.length; i += 1) all[i] = random.below(256);
    const [same, opposite] = [all.subarray(bytes, 2 * bytes), all.subarray(2 * bytes, 3 * bytes)];
    same.set(all.subarray(0, bytes));
    for (let i = 0; i < bytes; i += 1) opposite[i] = ~all[i]!;
    const at = (1 + count) * bytes;
    const distances = new Uint16Array(memory.buffer, at, count + 1);
    distances[count] = 0xbeef;
    signScan(words, memory)(bytes, count, at);
    const expected = Array.from({ length: count }, (_, i) =>
      bitsApart(all.subarray(0, bytes), all.subarray((1 + i) * bytes, (2 + i) * bytes)),
    );
    assert.deepEqual([...distances.subarray(0, count)], expected);
    assert.deepEqual([expected[0], expected[1], distances[count]], [0, bytes * 8, 0xbeef]);
    signScan(words, memory)(bytes, 0, at);
    assert.equal(distances[0], 0);
  }
});

function randomVector(random: SeededRandom, dimension: number): Float32Array {
  return Float32Array.from({ length: dimension }, () => random.next() - random.next());
}

/** One with a cosine of about 0.7 to `vector`. */
function near(random: SeededRandom, vector: Float32Array): Float32Array {
  const noise = randomVector(random, vector.length);
  return vector.map((value, i) => value + noise[i]!);
}

test('what is near is among the nearest, whether the dimension fills its bytes or not', () => {
  const random = new SeededRandom(7);
  for (const [dimension, order] of [
    [64, 'highest'],
    [100, 'lowest'],
    [100, 'highest'],
    [384, 'lowest'],
  ] as const) {
    const queries = Array.from({ length: 20 }, () => randomVector(random, dimension));
    const vectors = Array.from({ length: 6000 }, (_, slot) =>
      slot % 30 === 0 ? near(random, queries[(slot / 30) % queries.length]!) : randomVector(random, dimension),
    );
    const table = new SignTable(dimension, order);
    for (const [slot, vector] of vectors.entries()) {
      table.reserve(slot + 1);
      table.set(slot, signsOf(vector, order));
      // What is computed on the way leaves no trace in codes that come later.
      if (slot % 1000 === 0) table.nearest(vector, 1, new Uint8Array(slot + 1).fill(1));
    }
    const usable = new Uint8Array(vectors.length).fill(1);
    let found = 0;
    for (const [asked, query] of queries.entries()) {
      const nearest = table.nearest(query, 200, usable);
      assert.equal(new Set(nearest).size, 200);
      found += nearest.filter((slot) => slot % 30 === 0 && (slot / 30) % queries.length === asked).length;
    }
    assert.ok(found >= 198, `${found} of 200 at ${dimension} dimensions`);
  }
});

test('slots that are not usable are left out, however near they are', () => {
  const random = new SeededRandom(9);
  const vectors = Array.from({ length: 3000 }, () => randomVector(random, 64));
  const table = new SignTable(64, 'highest');
  table.reserve(vectors.length);
  for (const [slot, vector] of vectors.entries()) table.set(slot, signsOf(vector, 'highest'));
  const slots = new Uint8Array(vectors.length);
  for (let slot = 0; slot < slots.length; slot += 100) slots[slot] = 1;
  const near = table.nearest(vectors[1]!, 10, slots);
  assert.equal(near.length, 10);
  assert.ok(near.every((slot) => slot % 100 === 0));
  assert.deepEqual(table.nearest(vectors[200]!, 1, slots), [200]);
  assert.deepEqual(table.nearest(vectors[1]!, 10, new Uint8Array(3000)), []);
  assert.deepEqual(new SignTable(64, 'highest').nearest(vectors[1]!, 10, new Uint8Array(0)), []);
});

test('as many as are wanted are found where those that are usable come in the rhythm in which slots are sampled', () => {
  const random = new SeededRandom(3);
  const [count, dimension, limit] = [100_000, 384, 200];
  const table = new SignTable(dimension, 'highest');
  table.reserve(count);
  const query = randomVector(random, dimension);
  for (let slot = 0; slot < count; slot += 1) table.set(slot, signsOf(randomVector(random, dimension), 'highest'));
  const rhythm = Math.floor(count / 16_384) * 2;
  const [inStep, offBeat] = [0, 1].map((first) =>
    Uint8Array.from({ length: count }, (_, slot) => (slot % rhythm === first ? 1 : 0)),
  );
  for (const usable of [inStep!, offBeat!]) {
    const found = table.nearest(query, limit, usable);
    assert.equal(found.length, limit);
    assert.ok(found.every((slot) => usable[slot] === 1));
  }
});
