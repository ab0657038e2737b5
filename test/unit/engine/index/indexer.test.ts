import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FileIndexer } from '../../../../src/engine/index/fileIndexer.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import { FakeEncoder, fakeVector } from '../../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../../support/indexedFolder.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { ParagraphChunker } from '../../../support/paragraphChunker.ts';

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

test('a scan while texts are embedded has none of them embedded twice', async (context) => {
  const many = Array.from({ length: 200 }, (_, i) => [`src/f${i}.ts`, `function f${i}() {\n  return ${i};\n}\n`]);
  const encoder = new FakeEncoder({ delayMs: 100 });
  const folder = new IndexedFolder(context, Object.fromEntries(many) as Record<string, string>);
  folder.indexer.start();
  await folder.indexer.whenIdle();
  folder.indexer.setEncoder(encoder);
  await waitFor('the first batch', () => encoder.embedded.length > 0);
  folder.indexer.rescan();
  await folder.indexer.whenIdle();
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 200);
  assert.equal(encoder.embedded.length, 200);
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

/** The model and generation that serve, and whether another is in the making. */
function servingFingerprint(folder: IndexedFolder): string | undefined {
  return folder.store.read((reader) => reader.servingModel()?.fingerprint);
}

test('another model serves only once it is complete, and the first is found again in the cache', async (context) => {
  const first = new FakeEncoder({ fingerprint: 'first' });
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(first);
  await folder.indexer.whenIdle();
  const slow = new FakeEncoder({ fingerprint: 'second', dimension: 48, delayMs: 30 });
  folder.indexer.setEncoder(slow);
  assert.equal(servingFingerprint(folder), 'first');
  const before = folder.store.read((reader) => reader.dense(fakeVector('x', 32, 'first'), 5, {}));
  assert.equal(before.length, 5, 'the old generation serves on');
  assert.deepEqual(
    folder.store.read((reader) => reader.dense(fakeVector('x', 48, 'second'), 5, {})),
    [],
    'a query of another dimension finds nothing',
  );
  await folder.indexer.whenIdle();
  assert.equal(servingFingerprint(folder), 'second');
  assert.equal(slow.embedded.length, 5);
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 5);
  const again = new FakeEncoder({ fingerprint: 'first' });
  folder.indexer.setEncoder(again);
  await folder.indexer.whenIdle();
  assert.equal(servingFingerprint(folder), 'first');
  assert.deepEqual(again.embedded, [], 'nothing is embedded twice by one model');
});

test('a new version of the chunker builds a set beside the old one and embeds only new texts', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  await folder.indexer.dispose();
  const seen: number[] = [];
  const next = folder.anotherIndexer({
    chunkerVersion: '2',
    onStatus: () => seen.push(folder.store.read((reader) => reader.counts()).embedded),
  });
  next.start(encoder);
  await next.whenIdle();
  assert.equal(encoder.embedded.length, 5);
  assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
  assert.ok(
    seen.every((embedded) => embedded === 5),
    'search was never without embeddings',
  );
  assert.deepEqual(folder.tableNames('postings_'), ['postings_2'], 'the old set is gone');
});

for (const [name, spoil] of Object.entries({
  'too short': (vector: Float32Array) => vector.subarray(1),
  'not a number': (vector: Float32Array) => vector.map((value, i) => (i === 3 ? NaN : value)),
  zero: (vector: Float32Array) => vector.fill(0),
})) {
  test(`an embedding that is ${name} is refused, the others are kept`, async (context) => {
    const encoder = new FakeEncoder({ spoil: (vector, text) => (text.includes('gamma') ? spoil(vector) : vector) });
    const folder = new IndexedFolder(context, files);
    folder.indexer.start(encoder);
    const summary = await folder.indexer.whenIdle();
    assert.equal(summary.embedded, 4);
    assert.equal(folder.indexer.status().failed, 1);
    assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
  });
}

test('a broken encoder is an error, and keyword search goes on', async (context) => {
  const encoder = new FakeEncoder({ spoil: (vector) => vector.fill(NaN) });
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await assert.rejects(folder.indexer.whenIdle(), { code: 'model_invalid' });
  assert.equal(folder.indexer.status().phase, 'error');
  assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 0);
});

test('a file that breaks the chunker is skipped and counted', async (context) => {
  const folder = new IndexedFolder(
    context,
    { ...files, 'src/poison.ts': 'x' },
    { chunker: new ParagraphChunker('poison') },
  );
  folder.indexer.start(new FakeEncoder());
  const summary = await folder.indexer.whenIdle();
  assert.equal(summary.files, 3);
  assert.equal(summary.skipped.unreadable, 1);
});

test('a file that could not be read is looked at again by the next scan', async (context) => {
  const folder = new IndexedFolder(context, files);
  const indexer = new FileIndexer({ chunker: new ParagraphChunker() });
  const gone = { path: 'src/b.ts', absolutePath: path.join(folder.folder, 'away'), size: 3, mtimeMs: 7 };
  const outcome = await indexer.index(gone, undefined, 1000, new AbortController().signal);
  assert.ok('skipped' in outcome);
  folder.indexer.start();
  await folder.indexer.whenIdle();
  const { size, mtimeMs } = fs.statSync(path.join(folder.folder, 'src/b.ts'));
  const { mtimeMs: remembered, ...skipped } = outcome.skipped;
  folder.store.skipFiles([{ ...skipped, size, mtimeMs: remembered === gone.mtimeMs ? mtimeMs : remembered }]);
  assert.deepEqual(folder.find('gamma'), []);
  folder.indexer.rescan();
  await folder.indexer.whenIdle();
  assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
});

test('a second start reads no file that has not changed', async (context) => {
  const folder = new IndexedFolder(context, { ...files, 'image.bin': 'a\0b' });
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  await folder.indexer.dispose();
  const encoder = new FakeEncoder();
  const chunker = new ParagraphChunker();
  const next = folder.anotherIndexer({ chunker });
  next.start(encoder);
  const summary = await next.whenIdle();
  assert.deepEqual(chunker.chunked, []);
  assert.deepEqual(encoder.embedded, []);
  assert.deepEqual([summary.embedded, summary.reused, summary.skipped.binary], [0, 5, 1]);
});

test('there and back again embeds nothing the second time', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const branch = { 'src/a.ts': 'function delta() {\n  return 4;\n}\n', 'src/new.ts': 'function epsilon() {}\n' };
  await folder.save(branch);
  const afterFirst = encoder.embedded.length;
  assert.equal(afterFirst, 7);
  for (let i = 0; i < 2; i += 1) {
    fs.rmSync(folder.absolute('src/new.ts'));
    await folder.save({ 'src/a.ts': files['src/a.ts'], 'src/new.ts': '' });
    assert.deepEqual(folder.find('epsilon'), []);
    await folder.save(branch);
    assert.deepEqual(folder.find('epsilon'), ['src/new.ts']);
  }
  assert.equal(encoder.embedded.length, afterFirst);
});

test('a changed .gitignore is obeyed at once', async (context) => {
  const folder = new IndexedFolder(context, { ...files, '.git/HEAD': 'ref: refs/heads/main\n' });
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  await folder.save({ '.gitignore': 'docs/\n' });
  assert.deepEqual(
    folder.paths().filter((path) => path.startsWith('docs')),
    [],
  );
  await folder.save({ '.gitignore': '\n' });
  assert.ok(folder.paths().includes('docs/guide.md'));
});

test('rules of an ignore file that came and went unreported are forgotten', async (context) => {
  const folder = new IndexedFolder(context, { ...files, '.git/HEAD': 'ref: refs/heads/main\n' });
  folder.indexer.start(new FakeEncoder());
  const shown = (): boolean => folder.paths().includes('docs/guide.md');
  const hide = async (): Promise<void> => {
    folder.write({ '.gitignore': 'docs/\n' });
    folder.indexer.rescan();
    await folder.indexer.whenIdle();
    assert.ok(!shown());
    fs.rmSync(folder.absolute('.gitignore'));
  };
  await hide();
  await folder.save({ 'src/a.ts': 'function changed() {}\n' });
  assert.ok(shown(), 'after the next change');
  await hide();
  await waitFor('the hidden file', shown);
});

test('pausing stops the work and resuming finishes it', async (context) => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.ts`, `function f${i}() {}\n`]));
  const encoder = new FakeEncoder({ delayMs: 20 });
  const folder = new IndexedFolder(context, many);
  folder.indexer.start(encoder);
  folder.indexer.pause();
  await new Promise((done) => setTimeout(done, 60));
  const { length } = encoder.embedded;
  assert.equal(folder.indexer.status().phase, 'paused');
  await new Promise((done) => setTimeout(done, 60));
  assert.equal(encoder.embedded.length, length);
  folder.indexer.resume();
  await folder.indexer.whenIdle();
  assert.equal(encoder.embedded.length, 40);
});

test('what the user looks at is embedded first', async (context) => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}.ts`, `function f${i}() {}\n`]));
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, many);
  folder.indexer.prioritize([folder.absolute('f37.ts'), folder.absolute('f5.ts')]);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  assert.deepEqual(
    encoder.embedded.slice(0, 2).map((text) => text.split('\n')[0]),
    ['f37.ts', 'f5.ts'],
  );
});

test('a folder that vanishes is an error, and its index stays', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  fs.renameSync(folder.folder, `${folder.folder}-away`);
  folder.indexer.rescan();
  await assert.rejects(folder.indexer.whenIdle(), { code: 'workspace_missing' });
  assert.deepEqual(folder.find('gamma'), ['src/b.ts']);
  fs.renameSync(`${folder.folder}-away`, folder.folder);
  folder.indexer.rescan();
  await folder.indexer.whenIdle();
  assert.equal(folder.indexer.status().phase, 'ready');
});

test('a damaged index is built again while it is in use', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  await folder.indexer.dispose();
  folder.store.close();
  fs.writeFileSync(folder.databaseFile, Buffer.alloc(20_000, 'x'));
  const store = new RootStore(folder.databaseFile);
  context.after(() => store.close());
  const next = folder.anotherIndexer({ store });
  next.start(new FakeEncoder());
  const summary = await next.whenIdle();
  assert.deepEqual([summary.files, summary.embedded], [3, 5]);
});

test('a moved file and a moved folder keep their embeddings', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  fs.renameSync(folder.absolute('src'), folder.absolute('lib'));
  folder.indexer.filesChanged([folder.absolute('src'), folder.absolute('lib')]);
  await folder.indexer.whenIdle();
  assert.deepEqual(folder.find('gamma'), ['lib/b.ts']);
  fs.renameSync(folder.absolute('lib/b.ts'), folder.absolute('lib/c.ts'));
  folder.indexer.filesChanged([folder.absolute('lib/b.ts'), folder.absolute('lib/c.ts')]);
  await folder.indexer.whenIdle();
  assert.deepEqual(folder.find('gamma'), ['lib/c.ts']);
  assert.equal(encoder.embedded.length, 5);
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 5);
});

test('a copy of a file is embedded by its own path', async (context) => {
  const encoder = new FakeEncoder();
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  await folder.save({ 'src/copy.ts': files['src/b.ts'] });
  assert.equal(encoder.embedded.length, 6);
  assert.match(encoder.embedded[5]!, /^src\/copy\.ts/);
});

test('a worktree takes its embeddings from the index of the first', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  const store = new RootStore(folder.databaseFile.replace('root.db', 'worktree.db'));
  context.after(() => store.close());
  const encoder = new FakeEncoder();
  const worktree = folder.anotherIndexer({ store });
  worktree.start(encoder);
  const summary = await worktree.whenIdle();
  assert.deepEqual(encoder.embedded, []);
  assert.deepEqual([summary.embedded, summary.reused], [0, 5]);
  const other = new RootStore(folder.databaseFile.replace('root.db', 'other.db'));
  context.after(() => other.close());
  const otherEncoder = new FakeEncoder({ fingerprint: 'other' });
  const otherIndexer = folder.anotherIndexer({ store: other });
  otherIndexer.start(otherEncoder);
  await otherIndexer.whenIdle();
  assert.equal(otherEncoder.embedded.length, 5, 'another model borrows nothing');
});

test('two indexers on one database: the second reads, and takes over when the first ends', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start(new FakeEncoder());
  await folder.indexer.whenIdle();
  const store = new RootStore(folder.databaseFile);
  context.after(() => store.close());
  const second = folder.anotherIndexer({ store });
  const encoder = new FakeEncoder();
  second.start(encoder);
  await assert.rejects(second.whenIdle(), { code: 'database_busy' });
  assert.equal(second.status().embedded, 5);
  assert.equal(second.status().phase, 'ready');
  await folder.indexer.dispose();
  folder.write({ 'src/b.ts': 'function zeta() {}\n' });
  second.rescan();
  await second.whenIdle();
  assert.equal(encoder.embedded.length, 1);
  assert.equal(store.read((reader) => reader.symbols('zeta', 5, {})).length, 1);
});

test('a damaged index is built again, and what can be read of it is not embedded twice', async (context) => {
  const many = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [
      `f${i}.ts`,
      Array.from({ length: 12 }, (_unused, j) => `function f${i}x${j}() {\n  return ${i * j};\n}\n`).join('\n'),
    ]),
  );
  const folder = new IndexedFolder(context, many);
  folder.indexer.start(new FakeEncoder({ dimension: 256 }));
  await folder.indexer.whenIdle();
  folder.overwritePages('chunk_texts', 1);
  folder.overwritePages('embeddings', 0.2);
  const encoder = new FakeEncoder({ dimension: 256 });
  folder.indexer.setEncoder(encoder);
  assert.throws(() => folder.find('return'), { code: 'database_damaged' });
  const summary = await folder.indexer.whenIdle();
  assert.deepEqual([summary.files, summary.chunks], [60, 720]);
  assert.ok(encoder.embedded.length < 400, `${encoder.embedded.length} of 720 texts were embedded again`);
  assert.equal(folder.store.health(), 'ok');
  assert.equal(folder.store.read((reader) => reader.counts()).embedded, 720);
});
