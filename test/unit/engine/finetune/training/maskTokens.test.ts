import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../../../../src/engine/bench/seededRandom.ts';
import { maskTokens, type Masking } from '../../../../../src/engine/finetune/training/maskTokens.ts';

const masking: Masking = { rate: 0.15, mask: 4, vocabularySize: 1000, special: new Set([2, 3]) };

test('of the chosen tokens eight in ten are hidden, one is another and one stays', () => {
  const ids = Int32Array.from({ length: 20_000 }, (_, index) => (index % 100 === 0 ? 2 : 5 + (index % 900)));
  const { ids: hidden, positions, targets } = maskTokens(ids, masking, new SeededRandom(1));
  assert.equal(positions.length, Math.round(0.15 * 19_800));
  assert.deepEqual(positions, positions.toSorted());
  assert.deepEqual(
    Array.from(positions, (position) => ids[position]),
    [...targets],
  );
  assert.ok(targets.every((id) => id !== 2));
  const asked = new Set(positions);
  assert.ok(hidden.every((id, position) => asked.has(position) || id === ids[position]));
  const share = (is: (id: number, target: number) => boolean): number =>
    positions.reduce((sum, position, i) => sum + (is(hidden[position]!, targets[i]!) ? 1 : 0), 0) / positions.length;
  assert.ok(Math.abs(share((id) => id === 4) - 0.8) < 0.03);
  assert.ok(Math.abs(share((id, target) => id === target) - 0.1) < 0.03);
});

test('a short text has one token to tell, one of special tokens none', () => {
  const { positions } = maskTokens(Int32Array.of(2, 9, 8, 3), masking, new SeededRandom(1));
  assert.equal(positions.length, 1);
  assert.equal(maskTokens(Int32Array.of(2, 3), masking, new SeededRandom(1)).positions.length, 0);
});

test('what is hidden follows from the seed', () => {
  const ids = Int32Array.from({ length: 200 }, (_, index) => index + 5);
  const at = (seed: number) => maskTokens(ids, masking, new SeededRandom(seed));
  assert.deepEqual(at(1), at(1));
  assert.notDeepEqual(at(1), at(2));
});
