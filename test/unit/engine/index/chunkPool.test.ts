import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../../../src/engine/chunk/embeddingText.ts';
import { bodyHashOf, indexedChunks, textHashOf } from '../../../../src/engine/index/analyseFile.ts';
import { ChunkPool } from '../../../../src/engine/index/chunkPool.ts';
import { chunkTerms } from '../../../../src/engine/index/chunkTerms.ts';
import { codeTokens } from '../../../../src/engine/text/codeTokens.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const faulty = path.join(import.meta.dirname, 'support', 'faultyWorker.ts');
const source = 'export function add(a: number, b: number) {\n  return a + b;\n}\n';

describe('ChunkPool', () => {
  test('chunks files by syntax in a thread', async () => {
    const pool = new ChunkPool();
    const files = await Promise.all(['a.ts', 'b.ts', 'c.py'].map((name) => pool.chunk(name, source)));
    assert.deepEqual(
      files.map((file) => file.language),
      ['typescript', 'typescript', 'python'],
    );
    assert.equal(files[0]!.chunks[0]!.symbol, 'add');
    await pool.dispose();
  });

  test('what a thread found out of its chunks is what would be found here, chunk by chunk', async () => {
    const pool = new ChunkPool();
    const text =
      `${source}\nexport class Sum {\n  total = 0;\n  add(more: number) {\n    this.total += more;\n  }\n}\n`.repeat(
        40,
      );
    const received = indexedChunks(await pool.chunk('src/sum.ts', text));
    await pool.dispose();
    const { chunks } = await chunkFile({ path: 'src/sum.ts', text });
    assert.ok(chunks.length > 3);
    assert.equal(received.length, chunks.length);
    for (const [i, chunk] of chunks.entries()) {
      assert.deepEqual(received[i]!.chunk, chunk);
      assert.deepEqual(received[i]!.terms, chunkTerms(chunk, codeTokens('src/sum.ts')));
      assert.deepEqual(Buffer.from(received[i]!.textHash), textHashOf(embeddingText('src/sum.ts', chunk)));
      assert.deepEqual(Buffer.from(received[i]!.bodyHash!), bodyHashOf(chunk));
    }
  });

  for (const [fault, degraded] of [
    ['HANG', 'timeout'],
    ['EXIT', 'parser_failed'],
    ['THROW', 'parser_failed'],
    ['FAIL', 'parser_failed'],
  ] as const) {
    test(`a parser that does ${fault} costs its own file its syntax and no other anything`, async () => {
      const pool = new ChunkPool({ entry: faulty, ...(fault === 'HANG' ? { timeLimitMs: 1000 } : {}) });
      const [before, broken, after] = await Promise.all([
        pool.chunk('a.ts', source),
        pool.chunk('b.ts', `// ${fault}\n${source}`),
        pool.chunk('c.ts', source),
      ]);
      assert.equal(broken.degraded, degraded);
      assert.equal(
        broken.chunks
          .map((chunk) => chunk.text)
          .join('\n')
          .trim(),
        `// ${fault}\n${source}`.trim(),
      );
      for (const file of [before, after]) {
        assert.equal(file.degraded, undefined);
        assert.equal(file.chunks[0]!.symbol, 'add');
      }
      await pool.dispose();
    });
  }

  test('a file that ran out of time once gets its syntax when its turn comes again', async (context) => {
    const once = path.join(temporaryFolder(context), 'once');
    const pool = new ChunkPool({ entry: faulty, timeLimitMs: 1000 });
    const [slow, other] = await Promise.all([
      pool.chunk('a.ts', `${source}// HANG UNLESS ${once}\n`),
      pool.chunk('b.ts', source),
    ]);
    assert.deepEqual([slow.degraded, slow.chunks[0]!.symbol, other.degraded], [undefined, 'add', undefined]);
    await pool.dispose();
  });

  test('several threads share the queue', async () => {
    const pool = new ChunkPool({ size: 2 });
    const files = await Promise.all(Array.from({ length: 12 }, (_, i) => pool.chunk(`f${i}.ts`, source)));
    assert.equal(files.length, 12);
    assert.equal(pool.threads, 2);
    await pool.dispose();
    assert.equal(pool.threads, 0);
  });

  test('cancelling rejects with the reason and leaves the rest alone', async () => {
    const pool = new ChunkPool();
    const controller = new AbortController();
    const first = pool.chunk('a.ts', source);
    const cancelled = pool.chunk('b.ts', source, controller.signal);
    controller.abort(new Error('no longer wanted'));
    await assert.rejects(cancelled, /no longer wanted/);
    await assert.rejects(pool.chunk('c.ts', source, controller.signal), /no longer wanted/);
    assert.equal((await first).chunks.length, 1);
    await pool.dispose();
  });

  test('disposing rejects what is under way and what comes later', async () => {
    const pool = new ChunkPool();
    const pending = [pool.chunk('a.ts', source), pool.chunk('b.ts', source)];
    const outcomes = Promise.allSettled(pending);
    await pool.dispose();
    assert.deepEqual(
      (await outcomes).map((outcome) => outcome.status),
      ['rejected', 'rejected'],
    );
    await assert.rejects(pool.chunk('c.ts', source), /disposed/);
  });

  test('an idle thread is let go and comes back when needed', async () => {
    const pool = new ChunkPool({ idleMs: 20 });
    await pool.chunk('a.ts', source);
    for (let i = 0; i < 100 && pool.threads > 0; i++) await sleep(20);
    assert.equal(pool.threads, 0);
    assert.equal((await pool.chunk('a.ts', source)).degraded, undefined);
    await pool.dispose();
  });
});
