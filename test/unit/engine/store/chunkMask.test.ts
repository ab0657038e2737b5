import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkMask } from '../../../../src/engine/store/chunkMask.ts';

test('a mask has what it was made of, in the order of the ids', () => {
  const ids = [70, 0, 31, 32, 63, 64, 1000, 5];
  const mask = new ChunkMask(ids);
  assert.deepEqual(
    mask.ids(),
    ids.toSorted((a, b) => a - b),
  );
  assert.equal(mask.size, ids.length);
  for (let id = 0; id < 1100; id += 1) assert.equal(mask.has(id), ids.includes(id), String(id));
  const none = new ChunkMask([]);
  assert.deepEqual([none.size, none.ids(), none.has(0), none.has(2 ** 33)], [0, [], false, false]);
});
