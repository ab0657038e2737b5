import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeExcludes } from '../../../src/extension/config/excludes.ts';

test('both settings and our own are merged, sorted, without repeats', () => {
  assert.deepEqual(mergeExcludes({ '**/.git': true, '**/x': true }, { '**/node_modules': true }, ['gen/**', '**/x']), [
    '**/.git',
    '**/node_modules',
    '**/x',
    'gen/**',
  ]);
});

test('what is switched off or conditional excludes nothing', () => {
  assert.deepEqual(mergeExcludes({ '**/*.js': { when: '$(basename).ts' }, a: false }, { b: false }, ['', '  ']), []);
});

test('search.exclude can switch off what files.exclude switches on', () => {
  assert.deepEqual(mergeExcludes({ '**/vendor': true }, { '**/vendor': false }, []), []);
});

test('missing settings are no excludes', () => {
  assert.deepEqual(mergeExcludes(undefined, undefined, []), []);
});
