import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexedLanguages, isGrowing, progressOf } from '../../../src/webview/search/model/progress.ts';
import { rootStatus, status } from './samples.ts';

test('roots are added up; the busiest one names the phase; the longest wait counts', () => {
  const progress = progressOf(
    status(
      rootStatus({ chunks: 100, embedded: 100, etaSeconds: 5 }),
      rootStatus({ phase: 'embedding', chunks: 300, embedded: 100, currentFile: 'a.ts', etaSeconds: 60 }),
    ),
  )!;
  assert.equal(progress.phase, 'embedding');
  assert.equal(progress.share, 0.5);
  assert.equal(progress.files, 20);
  assert.equal(progress.currentFile, 'a.ts');
  assert.equal(progress.etaSeconds, 60);
  assert.ok(isGrowing(progress));
});

test('a finished or paused index does not grow', () => {
  assert.ok(!isGrowing(progressOf(status())));
  assert.ok(!isGrowing(progressOf({ ...status(rootStatus({ phase: 'embedding' })), paused: true })));
  assert.ok(!isGrowing(null));
});

test('no engine and no roots have no progress; an empty workspace is complete', () => {
  assert.equal(progressOf(null), null);
  assert.equal(progressOf({ paused: false, roots: [] }), null);
  assert.equal(progressOf(status(rootStatus({ chunks: 0, embedded: 0 })))!.share, 1);
});

test('languages of all roots, the most common first', () => {
  const roots = [
    rootStatus({ languages: { go: 2, python: 1 } }),
    rootStatus({ languages: { python: 4 } }),
    rootStatus(),
  ];
  assert.deepEqual(indexedLanguages(status(...roots)), ['python', 'go']);
});
