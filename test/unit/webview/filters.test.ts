import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasFilter,
  listFilters,
  looksLikePath,
  normalizePath,
  toggleFilter,
} from '../../../src/webview/search/model/filters.ts';

test('a filter is added and taken away again, leaving nothing behind', () => {
  const added = toggleFilter({}, { type: 'language', value: 'go' });
  assert.deepEqual(added, { languages: ['go'] });
  assert.deepEqual(toggleFilter(added, { type: 'language', value: 'go' }), {});
});

test('filters of different types do not touch each other', () => {
  let filters = toggleFilter({}, { type: 'kind', value: 'function' });
  filters = toggleFilter(filters, { type: 'path', value: '!test/**' });
  filters = toggleFilter(filters, { type: 'scope', value: 'docs' });
  assert.deepEqual(filters, { kinds: ['function'], paths: ['!test/**'], scopes: ['docs'] });
  assert.deepEqual(
    listFilters(filters).map(({ type }) => type),
    ['scope', 'kind', 'path'],
  );
  assert.ok(hasFilter(filters, { type: 'kind', value: 'function' }));
  assert.ok(!hasFilter(filters, { type: 'kind', value: 'method' }));
});

test('paths are told from names', () => {
  for (const path of ['src/**', '*.ts', '!test', 'a\\b']) assert.ok(looksLikePath(path), path);
  for (const name of ['typescript', 'func', 'src']) assert.ok(!looksLikePath(name), name);
});

test('typed paths take the form that filters have', () => {
  assert.equal(normalizePath(' ./src\\net '), 'src/net');
  assert.equal(normalizePath('!/test/**'), '!test/**');
  assert.equal(normalizePath('/'), '');
});
