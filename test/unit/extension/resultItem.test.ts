import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultItem } from '../../../src/extension/views/resultItem.ts';
import type { SearchResult } from '../../../src/shared/search.ts';

const result: SearchResult = {
  root: 'file:///w',
  path: 'src/net/retry.ts',
  startLine: 12,
  endLine: 30,
  chunkId: 1,
  language: 'typescript',
  kind: 'function',
  symbol: 'withRetry',
  signature: 'function withRetry(run)',
  score: 1,
  signals: {},
  matches: [],
  text: '',
};

test('symbol, place and signature', () => {
  assert.deepEqual(resultItem(result), {
    label: '$(symbol-function) withRetry',
    description: 'src/net/retry.ts:12',
    detail: 'function withRetry(run)',
  });
});

test('with several roots the place names its root', () => {
  assert.equal(resultItem(result, 'api').description, 'api › src/net/retry.ts:12');
});

test('without symbol and signature: file name and the first line that says something', () => {
  const item = resultItem({ ...result, kind: 'block', symbol: '', signature: '', text: '\n  {\n  const a = 1;\n' });
  assert.equal(item.label, '$(symbol-snippet) retry.ts');
  assert.equal(item.detail, 'const a = 1;');
});
