import assert from 'node:assert/strict';
import { test } from 'node:test';
import { teamBench } from '../../../../src/engine/bench/teamBench.ts';
import { OwnClient, type AskedQuestion } from '../../../../src/engine/bench/teamClient.ts';
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

const { signal } = new AbortController();
const options = { mode: 'hybrid', atOnce: 6, rounds: 3, signal, onProgress: () => undefined } as const;

/** Counts what it is asked. */
class CountingClient extends OwnClient {
  readonly shares: number[] = [];

  override together(questions: readonly AskedQuestion[]): Promise<number[]> {
    this.shares.push(questions.length);
    return super.together(questions);
  }
}

test('whole searches are timed, alone and at once, each question embedded before the clock runs', async (t) => {
  const encoder = new AskedEncoder({ dimension: 64 });
  const folder = new IndexedFolder(t, {
    'a.ts': 'function readTokensQuickly() {}\n\nfunction closeIdleSocket() {}\n',
    'b.ts': 'function countOpenFiles() {}\n',
    'c.ts': 'function f() {}\n',
  });
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const index = folder.store.reader;
  const clients = [0, 1].map(() => new CountingClient(index, 'hybrid', encoder, signal));
  const result = await teamBench({ ...options, atOnce: 7, index, clients: [clients[0]!, clients[1]!], encoder });
  assert.deepEqual([result.chunks, result.queries, result.clients, result.together.length], [4, 2, 2, 3]);
  assert.deepEqual(
    clients.map(({ shares }) => shares.slice(-3)),
    [
      [4, 4, 4],
      [3, 3, 3],
    ],
  );
  for (const { p50, p95 } of [result.alone, ...result.together]) assert.ok(p50 > 0 && p95 >= p50);
  assert.ok(result.cpuMsPerSearch > 0);
  assert.deepEqual(encoder.asked.toSorted(), ['count open files', 'read tokens quickly']);
});

test('what would be timed in another mode than asked for is refused', async (t) => {
  const folder = new IndexedFolder(t, { 'a.ts': 'function readTokensQuickly() {}\n' });
  folder.indexer.start(undefined);
  await folder.indexer.whenIdle();
  const encoder = new FakeEncoder({ dimension: 64 });
  const index = folder.store.reader;
  const clients = [new OwnClient(index, 'hybrid', encoder, signal)] as const;
  await assert.rejects(teamBench({ ...options, index, clients, encoder }), {
    code: 'index_missing',
    message: /hybrid mode/,
  });
});

test('a view that nothing can be asked of is said', async (t) => {
  const folder = new IndexedFolder(t, { 'c.ts': 'function f() {}\n' });
  folder.indexer.start(undefined);
  await folder.indexer.whenIdle();
  const index = folder.store.reader;
  const clients = [new OwnClient(index, 'keyword', undefined, signal)] as const;
  await assert.rejects(teamBench({ ...options, mode: 'keyword', index, clients, encoder: undefined }), {
    code: 'index_missing',
  });
});
