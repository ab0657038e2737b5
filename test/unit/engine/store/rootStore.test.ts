import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Target } from '../../../../src/engine/store/catalog.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { IndexedFile } from '../../../../src/engine/store/fileWriter.ts';
import { fakeVector } from '../../../support/fakeEncoder.ts';
import { hashOf, indexedFile } from '../../../support/indexedFiles.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const weights = { path: 1, symbol: 1, signature: 1, doc: 1, body: 1 };
const model = { fingerprint: 'm1', name: 'one', dimension: 32 };

function openStore(context: TestContext, file = path.join(temporaryFolder(context), 'root.db')): RootStore {
  const store = new RootStore(file);
  context.after(() => store.close());
  return store;
}

function write(store: RootStore, target: Target, ...files: IndexedFile[]): void {
  store.writeFiles(files.map((file) => ({ file, chunkSetIds: [target.chunkSet.id] })));
}

function embedAll(store: RootStore, target: Target): void {
  const pending = [...store.pending(target.generation!, 100)].flat();
  const { fingerprint, dimension } = target.generation!;
  store.storeEmbeddings(
    target.generation!,
    pending.map(({ textHash }) => ({ textHash, vector: fakeVector(textHash.toString('hex'), dimension, fingerprint) })),
  );
}

const parser = indexedFile('src/parser.ts', [
  { name: 'parseConfig', text: 'function parseConfig(file) {\n  return JSON.parse(file);\n}' },
  { name: 'writeConfig', text: 'function writeConfig(file) {\n  save(file);\n}', doc: 'Writes the settings.' },
]);
const guide = indexedFile('docs/guide.md', [{ name: 'Install', text: 'Install the parser.', kind: 'section' }]);

test('what was written is found by keyword, by symbol and by vector', (context) => {
  const store = openStore(context);
  assert.ok(store.acquire());
  const target = store.prepare('c1', model);
  write(store, target, parser, guide);
  embedAll(store, target);
  store.read((reader) => {
    const [best] = reader.chunks(reader.keyword(['parseconfig'], weights, 10, {}).best.map((hit) => hit.chunkId));
    assert.equal(best?.symbol, 'parseConfig');
    assert.equal(best.path, 'src/parser.ts');
    assert.equal(best.text, parser.chunks[0]!.chunk.text);
    assert.equal(reader.symbols('PARSECONFIG', 10, {}).length, 1);
    assert.deepEqual(
      reader.symbolsByPrefix('write', 10, {}).map(({ name, line }) => [name, line]),
      [['writeConfig', 4]],
    );
    const query = fakeVector(hashOf(parser.chunks[1]!.chunk.text).toString('hex'), 32, 'm1');
    const [nearest] = reader.dense(query, 1, {});
    assert.equal(reader.chunks([nearest!.chunkId])[0]?.symbol, 'writeConfig');
    assert.ok(Math.abs(nearest!.score - 1) < 1e-3);
    assert.deepEqual(reader.counts(), { files: 2, chunks: 3, embedded: 3 });
    assert.equal([...reader.allEmbeddings()].length, 3);
  });
});

test('the folder that is made for an index is its owner’s alone', { skip: process.platform === 'win32' }, (context) => {
  const folder = path.join(temporaryFolder(context), 'made');
  new RootStore(path.join(folder, 'root.db')).close();
  assert.equal(statSync(folder).mode & 0o077, 0);
});
