import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteCache } from '../../../../../src/engine/store/postgres/byteCache.ts';

test('what is asked for stays, what is not goes, and the bytes are bounded', () => {
  const cache = new ByteCache<string>(100, (text) => text.length);
  const text = 'x'.repeat(10);
  cache.add(1, text);
  for (let key = 100; key < 1000; key += 1) {
    cache.add(key, text);
    assert.equal(cache.get(1), text);
  }
  const kept = Array.from({ length: 900 }, (_, i) => 100 + i).filter((key) => cache.get(key) !== undefined);
  assert.ok(kept.includes(999) && kept.length < 10, String(kept));
});

test('a value that is there is kept as it was', () => {
  const cache = new ByteCache<string>(100, (text) => text.length);
  cache.add(1, 'first');
  cache.add(1, 'second');
  assert.equal(cache.get(1), 'first');
  assert.equal(cache.get(2), undefined);
});
