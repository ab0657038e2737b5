import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SearchHistory } from '../../../src/extension/views/searchHistory.ts';
import { memoryStorage } from '../../support/memoryStorage.ts';

test('newest first, each once, trimmed', async () => {
  const history = new SearchHistory(memoryStorage());
  for (const query of ['a', ' b ', 'a', '', '   ']) await history.remember(query);
  assert.deepEqual(history.queries, ['a', 'b']);
});

test('keeps a hundred, and no pasted pages', async () => {
  const history = new SearchHistory(memoryStorage());
  for (let index = 0; index < 130; index += 1) await history.remember(`q${index}`);
  await history.remember('x'.repeat(5_000));
  assert.equal(history.queries.length, 100);
  assert.equal(history.queries[0], 'q129');
});

test('survives what an older version may have stored', () => {
  assert.deepEqual(new SearchHistory(memoryStorage({ 'sextant.searchHistory': { a: 1 } })).queries, []);
  assert.deepEqual(new SearchHistory(memoryStorage({ 'sextant.searchHistory': ['a', 3, null] })).queries, ['a']);
});
