import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../support/waitFor.ts';
import { PathBatch } from '../../../src/extension/workspace/pathBatch.ts';

test('paths that come together are handed on together, each once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const batches: string[][] = [];
  const batch = new PathBatch((paths) => batches.push(paths), { quietMs: 50, maxWaitMs: 10_000 });
  batch.add('a');
  t.mock.timers.tick(40);
  batch.add('b');
  batch.add('a');
  t.mock.timers.tick(40);
  assert.deepEqual(batches, []);
  t.mock.timers.tick(10);
  assert.deepEqual(batches, [['a', 'b']]);
  batch.add('c');
  t.mock.timers.tick(50);
  assert.deepEqual(batches, [['a', 'b'], ['c']]);
});

test('a stream that never rests is still handed on', async () => {
  const batches: string[][] = [];
  const batch = new PathBatch((paths) => batches.push(paths), { quietMs: 60_000, maxWaitMs: 60 });
  const stream = setInterval(() => batch.add(`p${Math.random()}`), 10);
  await waitFor('a batch', () => batches.length > 0);
  clearInterval(stream);
  batch.dispose();
});

test('dispose drops what was gathered', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const batches: string[][] = [];
  const batch = new PathBatch((paths) => batches.push(paths), { quietMs: 50, maxWaitMs: 100 });
  batch.add('a');
  batch.dispose();
  t.mock.timers.tick(1_000);
  assert.deepEqual(batches, []);
});
