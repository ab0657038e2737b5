import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../../support/indexedFolder.ts';

const files = {
  'src/a.ts': 'function alpha() {\n  return 1;\n}\n\nfunction beta() {\n  return 2;\n}\n',
  'src/b.ts': 'function gamma() {\n  return 3;\n}\n',
  'docs/guide.md': '# Install\n\nRun the installer.\n',
};

test('a folder is indexed, embedded and ready', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  const summary = await folder.indexer.whenIdle();
  assert.equal(summary.files, 3);
  assert.equal(summary.chunks, 5);
  assert.equal(summary.embedded, 5);
  assert.equal(summary.reused, 0);
  assert.ok(summary.databaseBytes > 0);
  assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
  assert.equal(folder.indexer.status().phase, 'ready');
});

test('editing one function embeds its chunk alone', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const before = encoder.embedded.length;
  await folder.save({ 'src/a.ts': files['src/a.ts'].replace('return 2', 'return 22') });
  assert.equal(encoder.embedded.length, before + 1);
  assert.match(encoder.embedded.at(-1)!, /return 22/);
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 5);
});

test('a deleted file and a deleted folder leave the index', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  fs.rmSync(folder.absolute('docs'), { recursive: true });
  folder.indexer.filesChanged([folder.absolute('docs')]);
  await folder.indexer.whenIdle();
  assert.deepEqual(
    folder.store.read((reader) => reader.files()).map(({ path }) => path),
    ['src/a.ts', 'src/b.ts'],
  );
});
