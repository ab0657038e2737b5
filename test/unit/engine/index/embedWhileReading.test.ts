import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { AnalysedFile } from '../../../../src/engine/index/analyseFile.ts';
import type { TeamLayer } from '../../../../src/engine/index/indexerOptions.ts';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../../support/indexedFolder.ts';
import { ParagraphChunker } from '../../../support/paragraphChunker.ts';
import { waitFor } from '../../../support/waitFor.ts';

/** More than one transaction takes. */
const fileCount = 150;
const last = 'last.ts';
const files = Object.fromEntries(
  Array.from({ length: fileCount }, (_, i) => [`src/f${i}.ts`, `function f${i}() {\n  return ${i};\n}\n`]),
);

/** Stops at one file, so that a scan goes on for as long as a test likes. */
class GatedChunker extends ParagraphChunker {
  readonly #opened = Promise.withResolvers<undefined>();

  open(): void {
    this.#opened.resolve(undefined);
  }

  override async chunk(file: string, text: string): Promise<AnalysedFile> {
    if (file === last) await this.#opened.promise;
    return await super.chunk(file, text);
  }
}

/** A folder whose scan stands still before its last file. */
function scannedFolder(context: TestContext, team?: TeamLayer): { folder: IndexedFolder; chunker: GatedChunker } {
  const chunker = new GatedChunker();
  const more = { ...files, [last]: 'function end() {}\n' };
  const folder = new IndexedFolder(context, more, { chunker, ...(team === undefined ? {} : { team }) });
  fs.utimesSync(folder.absolute(last), 1, 1);
  return { folder, chunker };
}

async function halfRead({ indexer }: IndexedFolder): Promise<void> {
  await waitFor('a part of the files', () => indexer.status().files >= 128);
}

function embedded(folder: IndexedFolder): number {
  return folder.store.read((reader) => reader.counts()).embedded;
}

async function finish(
  folder: IndexedFolder,
  chunker: GatedChunker,
  encoder: FakeEncoder,
  expected: number,
): Promise<void> {
  chunker.open();
  await folder.indexer.whenIdle();
  assert.equal(embedded(folder), fileCount + 1);
  assert.equal(encoder.embedded.length, expected);
  assert.equal(new Set(encoder.embedded).size, expected, 'no text twice');
}

describe('while files are read', () => {
  test('a GPU embeds what is there, each text once', async (context) => {
    const { folder, chunker } = scannedFolder(context);
    const encoder = new FakeEncoder({ backend: 'cuda', delayMs: 300 });
    folder.indexer.start(encoder);
    await waitFor('embeddings before the end', () => encoder.embedded.length >= 128);
    assert.equal(folder.indexer.status().phase, 'indexing');
    await finish(folder, chunker, encoder, fileCount + 1);
  });

  test('a GPU that is done sooner than the next files are read waits until all are', async (context) => {
    const { folder, chunker } = scannedFolder(context);
    const encoder = new FakeEncoder({ backend: 'cuda' });
    const chunk = chunker.chunk.bind(chunker);
    let chunked = 0;
    // The second transaction is not full before the first one is embedded.
    chunker.chunk = async (file, text) => {
      chunked += 1;
      if (chunked === 100) {
        await waitFor('the first embeddings', () => embedded(folder) >= 64);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return await chunk(file, text);
    };
    folder.indexer.start(encoder);
    await halfRead(folder);
    assert.equal(encoder.embedded.length, 64);
    await finish(folder, chunker, encoder, fileCount + 1);
  });

  test('the processor does not', async (context) => {
    const { folder, chunker } = scannedFolder(context);
    const encoder = new FakeEncoder();
    folder.indexer.start(encoder);
    await halfRead(folder);
    assert.deepEqual(encoder.embedded, []);
    await finish(folder, chunker, encoder, fileCount + 1);
  });

  test('a model that comes late begins with what is read after it, and goes back for the rest', async (context) => {
    const { folder, chunker } = scannedFolder(context);
    const encoder = new FakeEncoder({ backend: 'cuda' });
    const chunk = chunker.chunk.bind(chunker);
    let chunked = 0;
    chunker.chunk = async (file, text) => {
      chunked += 1;
      if (chunked === 90) folder.indexer.setEncoder(encoder);
      return await chunk(file, text);
    };
    folder.indexer.start();
    await waitFor('embeddings before the end', () => encoder.embedded.length > 0);
    assert.equal(folder.indexer.status().phase, 'indexing');
    await finish(folder, chunker, encoder, fileCount + 1);
  });

  test('what a pause gave up is embedded after it', async (context) => {
    const { folder, chunker } = scannedFolder(context);
    const encoder = new FakeEncoder({ backend: 'cuda', delayMs: 50 });
    folder.indexer.start(encoder);
    await waitFor('the first embeddings', () => encoder.embedded.length > 0);
    folder.indexer.pause();
    folder.indexer.resume();
    chunker.open();
    await folder.indexer.whenIdle();
    assert.equal(embedded(folder), fileCount + 1);
  });

  test('a GPU waits where another folder, or the team, has the embeddings', async (context) => {
    const first = new IndexedFolder(context, files);
    const encoder = new FakeEncoder({ backend: 'cuda' });
    first.indexer.start(encoder);
    await first.indexer.whenIdle();
    const store = new RootStore(path.join(path.dirname(first.databaseFile), 'worktree.db'));
    const chunker = new GatedChunker();
    const copy = new IndexedFolder(context, { ...files, [last]: 'function end() {}\n' }, { chunker, store });
    fs.utimesSync(copy.absolute(last), 1, 1);
    const second = new FakeEncoder({ backend: 'cuda' });
    copy.indexer.start(second);
    await halfRead(copy);
    assert.deepEqual(second.embedded, []);
    await finish(copy, chunker, second, 1);

    const team: TeamLayer = {
      lends: true,
      files: () => Promise.resolve(new Map()),
      covers: () => false,
      vectors: () => Promise.resolve([]),
    };
    const lent = scannedFolder(context, team);
    const third = new FakeEncoder({ backend: 'cuda' });
    lent.folder.indexer.start(third);
    await halfRead(lent.folder);
    assert.deepEqual(third.embedded, []);
    await finish(lent.folder, lent.chunker, third, fileCount + 1);
  });
});
