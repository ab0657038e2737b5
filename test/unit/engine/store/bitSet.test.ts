import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitSet } from '../../../../src/engine/store/bitSet.ts';

test('a set has what it was made of, in ascending order', () => {
  const ids = [70, 0, 31, 32, 63, 64, 1000, 5];
  const set = new BitSet(ids);
  assert.deepEqual(
    set.values(),
    ids.toSorted((a, b) => a - b),
  );
  assert.equal(set.size, ids.length);
  for (let id = 0; id < 1100; id += 1) assert.equal(set.has(id), ids.includes(id), String(id));
  const none = new BitSet([]);
  assert.deepEqual([none.size, none.values(), none.has(0), none.has(2 ** 33)], [0, [], false, false]);
});
