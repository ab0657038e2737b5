import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import { ChunkMasks } from '../../../../src/engine/store/chunkMask.ts';
import { GenerationSigns } from '../../../../src/engine/store/generationSigns.ts';
import { Labels } from '../../../../src/engine/store/labels.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { CandidateFilter } from '../../../../src/engine/store/searchIndex.ts';
import { openConnection } from '../../../../src/engine/store/sqlite.ts';
import { VectorSearch } from '../../../../src/engine/store/vectorSearch.ts';
import { indexedFile } from '../../../support/indexedFiles.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const dimension = 64;
const fileCount = 480;
const perFile = 6;

function gaussian(random: SeededRandom): Float32Array {
  return Float32Array.from({ length: dimension }, () => random.gaussian());
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Vectors in clusters, a few thousand of them: more than are compared one by one. With an offset most of their signs are alike. */
function filledStore(
  context: TestContext,
  file = path.join(temporaryFolder(context), 'root.db'),
  offset = 0,
  count = fileCount,
) {
  const store = new RootStore(file);
  context.after(() => store.close());
  store.acquire();
  const target = store.prepare('c1', { fingerprint: 'm', name: 'm', dimension });
  const files = Array.from({ length: count }, (_, i) => {
    const chunks = Array.from({ length: perFile }, (_unused, j) => ({
      name: `n${j}`,
      text: `body ${i} ${j}`,
      kind: j === 0 ? ('class' as const) : ('function' as const),
    }));
    return indexedFile(i % 20 === 0 ? `docs/g${i}.md` : `src/f${i}.ts`, chunks);
  });
  for (let from = 0; from < count; from += 100) {
    store.writeFiles(files.slice(from, from + 100).map((file) => ({ file, chunkSetIds: [target.chunkSet.id] })));
  }
  const random = new SeededRandom(4);
  const centres = Array.from({ length: 60 }, () => gaussian(random));
  const near = (spread: number): Float32Array => {
    const noise = gaussian(random);
    return unit(centres[random.below(centres.length)]!.map((value, i) => value + spread * noise[i]! + offset));
  };
  const pending = [...store.pending(target.generation!, 100)].flat();
  store.storeEmbeddings(
    target.generation!,
    pending.map(({ textHash }) => ({ textHash, vector: near(1) })),
  );
  return { store, near, target };
}

type Embeddings = readonly { readonly chunkId: number; readonly embedding: Float32Array }[];

function exact(embeddings: Embeddings, query: Float32Array, keep: (chunkId: number) => boolean): number[] {
  const scored = embeddings
    .filter(({ chunkId }) => keep(chunkId))
    .map(({ chunkId, embedding }) => {
      let score = 0;
      for (let i = 0; i < dimension; i += 1) score += embedding[i]! * query[i]!;
      return { chunkId, score };
    });
  return scored.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId).map(({ chunkId }) => chunkId);
}

test('the nearest are found, with every sort of filter', (context) => {
  const { store, near } = filledStore(context);
  const rows = store.read((reader) => reader.files().flatMap(({ fileId }) => reader.chunksOfFile(fileId)));
  const embeddings = store.read((reader) => [...reader.allEmbeddings()]);
  const byId = new Map(rows.map((row) => [row.chunkId, row]));
  const fileIds = store.read((reader) => reader.files()).map(({ fileId }) => fileId);
  const few = new Set(fileIds.slice(0, 20));
  const some = new Set(fileIds.filter((_, i) => i % 6 === 0));
  const most = new Set(fileIds.filter((_, i) => i % 6 !== 0));
  const filters: Record<string, [CandidateFilter, (chunkId: number) => boolean]> = {
    none: [{}, () => true],
    language: [{ languages: ['markdown'] }, (id) => byId.get(id)!.language === 'markdown'],
    kind: [{ kinds: ['class'] }, (id) => byId.get(id)!.kind === 'class'],
    scope: [{ scopes: ['code'] }, (id) => byId.get(id)!.scope === 'code'],
    'few files': [{ fileIds: few }, (id) => few.has(byId.get(id)!.fileId)],
    'some files': [{ fileIds: some }, (id) => some.has(byId.get(id)!.fileId)],
    'most files': [{ fileIds: most }, (id) => most.has(byId.get(id)!.fileId)],
    'kind and files': [
      { kinds: ['class'], fileIds: some },
      (id) => byId.get(id)!.kind === 'class' && some.has(byId.get(id)!.fileId),
    ],
    'nothing that exists': [{ languages: ['cobol'] }, () => false],
  };
  for (const [name, [filter, keep]] of Object.entries(filters)) {
    let hits = 0;
    let wanted = 0;
    for (let i = 0; i < 12; i += 1) {
      const query = near(0.7);
      const expected = exact(embeddings, query, keep).slice(0, 10);
      const found = store.read((reader) => reader.dense(query, 50, filter)).map(({ chunkId }) => chunkId);
      assert.ok(found.every(keep), `${name}: something that the filter excludes`);
      const returned = new Set(found);
      hits += expected.filter((chunkId) => returned.has(chunkId)).length;
      wanted += expected.length;
    }
    assert.ok(hits >= 0.97 * wanted, `${name}: ${hits} of ${wanted} of the ten nearest were found`);
  }
});

test('where there are too many signs for memory vec0 finds the nearest, with every sort of filter too', (context) => {
  const file = path.join(temporaryFolder(context), 'root.db');
  const count = 1500;
  const { store, near, target } = filledStore(context, file, 0, count);
  const rows = store.read((reader) => reader.files().flatMap(({ fileId }) => reader.chunksOfFile(fileId)));
  const embeddings = store.read((reader) => [...reader.allEmbeddings()]);
  const byId = new Map(rows.map((row) => [row.chunkId, row]));
  const fileIds = store.read((reader) => reader.files()).map(({ fileId }) => fileId);
  const quarter = new Set(fileIds.filter((_, i) => i % 4 === 0));
  const most = new Set(fileIds.filter((_, i) => i % 4 !== 0));
  const { db } = openConnection(file);
  context.after(() => db.close());
  const labels = new Labels(db);
  const masks = new ChunkMasks(db, labels, target.chunkSet.id);
  const search = new VectorSearch(db, labels, masks, target.generation!, { mostBytes: 0, readAtOnceBelow: 0 });
  const filters: readonly [CandidateFilter, (chunkId: number) => boolean][] = [
    [{}, () => true],
    [{ kinds: ['function'] }, (id) => byId.get(id)!.kind === 'function'],
    [{ fileIds: quarter }, (id) => quarter.has(byId.get(id)!.fileId)],
    [{ fileIds: most }, (id) => most.has(byId.get(id)!.fileId)],
    [
      { kinds: ['function'], fileIds: most },
      (id) => byId.get(id)!.kind === 'function' && most.has(byId.get(id)!.fileId),
    ],
  ];
  for (const [filter, keep] of filters) {
    let hits = 0;
    for (let i = 0; i < 10; i += 1) {
      const query = near(0.7);
      const found = search.search(query, 50, filter, count * perFile).map(({ chunkId }) => chunkId);
      assert.ok(found.length === 50 && found.every(keep), JSON.stringify(Object.keys(filter)));
      const expected = exact(embeddings, query, keep).slice(0, 10);
      hits += expected.filter((chunkId) => found.includes(chunkId)).length;
    }
    assert.ok(hits >= 95, `${hits} of 100 with ${Object.keys(filter).join()}`);
  }
});

test('the cosine of a chunk is the same whether it was searched for or asked for', (context) => {
  const { store, near } = filledStore(context);
  const query = near(0.5);
  const found = store.read((reader) => reader.dense(query, 50, {}));
  const ids = found.map(({ chunkId }) => chunkId);
  const cosines = store.read((reader) => reader.cosines(query, [-1, ...ids]));
  assert.deepEqual(cosines, [undefined, ...found.map(({ score }) => score)]);
  const embeddings = store.read((reader) => reader.embeddings(ids));
  for (const [i, chunkId] of ids.entries()) {
    const product = embeddings.get(chunkId)!.reduce((sum, value, at) => sum + value * query[at]!, 0);
    assert.ok(Math.abs(cosines[i + 1]! - product) < 1e-5);
  }
});

test('limits, deleted chunks and ids that are gone', (context) => {
  const { store, near } = filledStore(context);
  const query = near(0.5);
  const before = store.read((reader) => reader.dense(query, 20, {}));
  assert.equal(before.length, 20);
  const [first] = store.read((reader) => reader.chunks([before[0]!.chunkId]));
  store.removeFiles([first!.path]);
  const after = store.read((reader) => reader.dense(query, 20, {}));
  assert.ok(!after.some(({ chunkId }) => chunkId === before[0]!.chunkId));
  assert.deepEqual(
    store.read((reader) => reader.chunks([before[0]!.chunkId])),
    [],
  );
  const [gone, there] = store.read((reader) => reader.heads([before[0]!.chunkId, after[0]!.chunkId]));
  assert.deepEqual([gone, there?.chunkId], [undefined, after[0]!.chunkId]);
  assert.equal(store.read((reader) => reader.embeddings([before[0]!.chunkId])).size, 0);
  const { embedded, chunks } = store.read((reader) => reader.counts());
  assert.deepEqual([embedded, chunks], [(fileCount - 1) * perFile, (fileCount - 1) * perFile]);
  assert.deepEqual(
    store.read((reader) => reader.dense(query, 0, {})),
    [],
  );
});

test('what is written after a search is found by the next one, over another connection too', (context) => {
  const file = path.join(temporaryFolder(context), 'root.db');
  const { store, near, target } = filledStore(context, file);
  const reading = new RootStore(file);
  context.after(() => reading.close());
  const query = near(0.5);
  const nearest = () => [store, reading].map((from) => from.read((reader) => reader.dense(query, 1, {}))[0]);
  assert.ok(nearest().every((found) => found!.score < 0.999));
  store.writeFiles([
    { file: indexedFile('src/new.ts', [{ name: 'n', text: 'new' }]), chunkSetIds: [target.chunkSet.id] },
  ]);
  const [pending] = [...store.pending(target.generation!, 100)].flat();
  store.storeEmbeddings(target.generation!, [{ textHash: pending!.textHash, vector: query }]);
  const found = nearest();
  assert.ok(found.every((candidate) => candidate!.score > 0.999));
  assert.equal(found[0]!.chunkId, found[1]!.chunkId);
  store.removeFiles(['src/new.ts']);
  assert.ok(nearest().every((candidate) => candidate!.chunkId !== found[0]!.chunkId));
});

test('places of what was deleted are not found and crowd nothing out', (context) => {
  for (const offset of [-0.7, 0, 0.7]) {
    const file = path.join(temporaryFolder(context), 'root.db');
    const { store, near, target } = filledStore(context, file, offset);
    const paths = store.read((reader) => reader.files()).map((known) => known.path);
    store.removeFiles(paths.filter((_, i) => i % 3 > 0));
    const embeddings = store.read((reader) => [...reader.allEmbeddings()]);
    assert.equal(embeddings.length, (fileCount / 3) * perFile);
    const { db } = openConnection(file);
    const signs = new GenerationSigns(db, target.generation!);
    const there = new Set(embeddings.map(({ chunkId }) => chunkId));
    let hits = 0;
    for (let i = 0; i < 20; i += 1) {
      const query = near(0.7);
      const found = signs.nearest(query, 100, undefined)!;
      assert.ok(found.length === 100 && found.every((chunkId) => there.has(chunkId)), `offset ${offset}`);
      hits += exact(embeddings, query, () => true)
        .slice(0, 10)
        .filter((chunkId) => found.includes(chunkId)).length;
    }
    db.close();
    assert.ok(hits >= 190, `${hits} of 200 at an offset of ${offset}`);
  }
});

test('many signs are read only when nothing was written since the last search, too many not at all', (context) => {
  const file = path.join(temporaryFolder(context), 'root.db');
  const { store, near, target } = filledStore(context, file);
  const { db } = openConnection(file);
  const query = near(0.5);
  const many = new GenerationSigns(db, target.generation!, { mostBytes: 1e6, readAtOnceBelow: 1000 });
  assert.equal(many.nearest(query, 10, undefined), undefined);
  assert.equal(many.nearest(query, 10, undefined)?.length, 10);
  store.removeFiles(['src/f1.ts']);
  assert.equal(many.nearest(query, 10, undefined), undefined);
  assert.equal(many.nearest(query, 10, undefined)?.length, 10);
  const tooMany = new GenerationSigns(db, target.generation!, { mostBytes: 50_000, readAtOnceBelow: 10_000 });
  assert.equal(tooMany.nearest(query, 10, undefined), undefined);
  assert.equal(tooMany.nearest(query, 10, undefined), undefined);
  db.close();
});
