import assert from 'node:assert/strict';
import { test } from 'node:test';
import { teamBench } from '../../../../src/engine/bench/teamBench.ts';
import type { Embedded } from '../../../../src/engine/runtime/encoder.ts';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../../support/indexedFolder.ts';

class AskedEncoder extends FakeEncoder {
  readonly asked: string[] = [];

  override embed(...[texts, kind, options]: Parameters<FakeEncoder['embed']>): Promise<Embedded> {
    if (kind === 'query') this.asked.push(...texts);
    return super.embed(texts, kind, options);
  }
}

const options = { mode: 'hybrid', atOnce: 6, rounds: 3, onProgress: () => undefined } as const;

test('whole searches are timed, alone and at once, each question embedded before the clock runs', async (t) => {
  const encoder = new AskedEncoder({ dimension: 64 });
  const folder = new IndexedFolder(t, {
    'a.ts': 'function readTokensQuickly() {}\n\nfunction closeIdleSocket() {}\n',
    'b.ts': 'function countOpenFiles() {}\n',
    'c.ts': 'function f() {}\n',
  });
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const { signal } = new AbortController();
  const result = await teamBench({ ...options, index: folder.store.reader, encoder, signal });
  assert.deepEqual([result.chunks, result.queries, result.together.length], [4, 2, 3]);
  for (const { p50, p95 } of [result.alone, ...result.together]) assert.ok(p50 > 0 && p95 >= p50);
  assert.ok(result.cpuMsPerSearch > 0);
  assert.deepEqual(encoder.asked.toSorted(), ['count open files', 'read tokens quickly']);
});

test('what would be timed in another mode than asked for is refused', async (t) => {
  const folder = new IndexedFolder(t, { 'a.ts': 'function readTokensQuickly() {}\n' });
  folder.indexer.start(undefined);
  await folder.indexer.whenIdle();
  const { signal } = new AbortController();
  const encoder = new FakeEncoder({ dimension: 64 });
  await assert.rejects(teamBench({ ...options, index: folder.store.reader, encoder, signal }), {
    code: 'index_missing',
    message: /hybrid mode/,
  });
});

test('a view that nothing can be asked of is said', async (t) => {
  const folder = new IndexedFolder(t, { 'c.ts': 'function f() {}\n' });
  folder.indexer.start(undefined);
  await folder.indexer.whenIdle();
  const { signal } = new AbortController();
  await assert.rejects(teamBench({ ...options, index: folder.store.reader, encoder: undefined, signal }), {
    code: 'index_missing',
  });
});
