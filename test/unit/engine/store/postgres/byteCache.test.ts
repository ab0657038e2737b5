import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteCache } from '../../../../../src/engine/store/postgres/byteCache.ts';

test('what is asked for stays, what is not goes, and the bytes are bounded', () => {
  const cache = new ByteCache<string>(1_000_000, (text) => text.length);
  const text = 'x'.repeat(10_000);
  // As high as the ids of chunks of a shared index.
  const first = 2 ** 43;
  cache.add(first, text);
  for (let id = first + 100; id < first + 1000; id += 1) {
    cache.add(id, text);
    assert.equal(cache.get(first), text);
  }
  const kept = Array.from({ length: 900 }, (_, i) => first + 100 + i).filter((id) => cache.get(id) !== undefined);
  assert.ok(kept.includes(first + 999) && kept.length > 40 && kept.length < 100, String(kept.length));
});

test('a value that is there is kept as it was', () => {
  const cache = new ByteCache<string>(1_000_000, (text) => text.length);
  cache.add(1, 'first');
  cache.add(1, 'second');
  assert.equal(cache.get(1), 'first');
  assert.equal(cache.get(2), undefined);
});
