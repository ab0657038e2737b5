import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import type { IndexedFile } from '../../../../src/engine/store/fileWriter.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { FieldWeights } from '../../../../src/engine/store/searchIndex.ts';
import { codeTokens } from '../../../../src/engine/text/codeTokens.ts';
import { indexedFile } from '../../../support/indexedFiles.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const weights: FieldWeights = { path: 2, symbol: 3, signature: 1.5, doc: 1.5, body: 1 };
const fields = ['path', 'symbol', 'signature', 'doc', 'body'] as const;

/** BM25 written down as the formula stands, over all chunks of the files. */
function reference(files: readonly IndexedFile[], terms: readonly string[]): Map<string, number> {
  const chunks = files.flatMap(({ path: file, chunks: own }) =>
    own.map(({ chunk: { name, symbol, doc, text } }) => {
      const texts = { path: file, symbol, signature: '', doc, body: text };
      return { key: `${file}#${name}`, terms: fields.map((field) => codeTokens(texts[field])) };
    }),
  );
  const lengthOf = (of: readonly string[][]): number => of.reduce((n, { length }) => n + length, 0);
  const average = chunks.reduce((sum, { terms: of }) => sum + lengthOf(of), 0) / chunks.length;
  const scores = new Map<string, number>();
  for (const term of new Set(terms)) {
    const frequencies = chunks.map(({ key, terms: of }) => {
      const counted = fields.map((field, i) => weights[field] * of[i]!.filter((t) => t === term).length);
      return { key, length: lengthOf(of), frequency: counted.reduce((a, b) => a + b, 0) };
    });
    const holding = frequencies.filter(({ frequency }) => frequency > 0);
    const idf = Math.log(1 + (chunks.length - holding.length + 0.5) / (holding.length + 0.5));
    for (const { key, length, frequency } of holding) {
      const norm = 1.2 * (0.25 + (0.75 * length) / average);
      scores.set(key, (scores.get(key) ?? 0) + (idf * frequency * 2.2) / (frequency + norm));
    }
  }
  return scores;
}

function randomFiles(random: SeededRandom, count: number, prefix: string): IndexedFile[] {
  const word = (): string => `term${Math.floor(random.next() ** 3 * 120)}`;
  return Array.from({ length: count }, (_, i) =>
    indexedFile(
      `${prefix}/file${i}.ts`,
      Array.from({ length: 1 + random.below(9) }, (_unused, j) => ({
        name: `n${j}`,
        text: Array.from({ length: 1 + random.below(60) }, word).join(' '),
        doc: Array.from({ length: random.below(5) }, word).join(' '),
      })),
    ),
  );
}

function openStore(context: TestContext): { store: RootStore; chunkSetIds: number[] } {
  const store = new RootStore(path.join(temporaryFolder(context), 'root.db'));
  context.after(() => store.close());
  store.acquire();
  return { store, chunkSetIds: [store.prepare('c1', undefined).chunkSet.id] };
}

function assertLikeReference(store: RootStore, files: readonly IndexedFile[], terms: readonly string[]): void {
  store.read((reader) => {
    const expected = reference(files, terms);
    const matches = reader.keyword(terms, weights, 100_000, {});
    const found = matches.best;
    const rows = new Map(reader.chunks(found.map(({ chunkId }) => chunkId)).map((row) => [row.chunkId, row]));
    assert.equal(found.length, expected.size);
    const held = matches.held([...rows.keys()]);
    const holders = terms.map((term) => new Set(reference(files, [term]).keys()));
    for (const [i, { path: file, name }] of [...rows.values()].entries()) {
      const places = holders.flatMap((holder, place) => (holder.has(`${file}#${name}`) ? [place] : []));
      assert.deepEqual(held[i], places);
    }
    for (const { chunkId, score } of found) {
      const { path: file, name } = rows.get(chunkId)!;
      const wanted = expected.get(`${file}#${name}`)!;
      assert.ok(Math.abs(score - wanted) < 1e-4 * wanted, `${file}#${name}: ${score} instead of ${wanted}`);
    }
    const scores = found.map(({ score }) => score);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    assert.deepEqual(reader.keyword(terms, weights, 7, {}).best, found.slice(0, 7));
  });
}

test('scores are those of the formula, also after edits, deletions and compaction', (context) => {
  const { store, chunkSetIds } = openStore(context);
  const random = new SeededRandom(5);
  // More chunks than a block holds, in several transactions.
  let files = randomFiles(random, 900, 'a');
  for (let from = 0; from < files.length; from += 50) {
    store.writeFiles(files.slice(from, from + 50).map((file) => ({ file, chunkSetIds })));
  }
  const terms = ['term0', 'term3', 'term40', 'term119', 'n2', 'file77', 'nowhere'];
  assertLikeReference(store, files, terms);
  const edited = randomFiles(random, 300, 'a');
  store.writeFiles(edited.map((file) => ({ file, chunkSetIds })));
  files = [...edited, ...files.slice(300)];
  const gone = files.filter((_, i) => i % 3 === 0);
  store.removeFiles(gone.map((file) => file.path));
  files = files.filter((_, i) => i % 3 !== 0);
  assertLikeReference(store, files, terms);
  let sweeps = 0;
  while (store.sweep()) sweeps += 1;
  assert.ok(sweeps >= 2, 'full blocks are merged');
  assertLikeReference(store, files, terms);
  const assertCounted = (): void => {
    const frequencies = store.read((reader) => [...reader.keyword(['term0', 'nowhere'], weights, 0, {}).frequencies]);
    const expected = [
      ['term0', reference(files, ['term0']).size],
      ['nowhere', 0],
    ];
    assert.deepEqual(frequencies, expected);
  };
  assertCounted();
  // Counted anew once something changed after the words were searched for.
  store.removeFiles(files.splice(0, 40).map((file) => file.path));
  assertCounted();
});

test('filters keep the ranking of what passes them', (context) => {
  const { store, chunkSetIds } = openStore(context);
  const files = randomFiles(new SeededRandom(9), 200, 'src').map((file, i) =>
    i % 10 === 0 ? { ...file, path: `docs/g${i}.md`, language: 'markdown', scope: 'docs' as const } : file,
  );
  store.writeFiles(files.map((file) => ({ file, chunkSetIds })));
  store.read((reader) => {
    const { best: all } = reader.keyword(['term0', 'term1'], weights, 100_000, {});
    const rows = new Map(reader.chunks(all.map(({ chunkId }) => chunkId)).map((row) => [row.chunkId, row]));
    const some = new Set(
      reader
        .files()
        .filter((_, i) => i % 7 === 0)
        .map(({ fileId }) => fileId),
    );
    const docs = all.filter(({ chunkId }) => rows.get(chunkId)!.scope === 'docs');
    assert.ok(docs.length > 5);
    assert.deepEqual(reader.keyword(['term0', 'term1'], weights, 5, { scopes: ['docs'] }).best, docs.slice(0, 5));
    assert.deepEqual(reader.keyword(['term0', 'term1'], weights, 1000, { languages: ['markdown'] }).best, docs);
    assert.deepEqual(
      reader.keyword(['term0', 'term1'], weights, 1000, { fileIds: some }).best,
      all.filter(({ chunkId }) => some.has(rows.get(chunkId)!.fileId)),
    );
    assert.deepEqual(reader.keyword(['term0'], weights, 10, { languages: ['cobol'] }).best, []);
    assert.deepEqual(reader.keyword(['term0'], weights, 10, { fileIds: new Set() }).best, []);
    assert.deepEqual(reader.keyword([], weights, 10, {}).best, []);
  });
});

test('a filter that is asked for again knows what was written meanwhile', (context) => {
  const { store, chunkSetIds } = openStore(context);
  const files = randomFiles(new SeededRandom(4), 90, 'src').map((file, i) =>
    i % 3 === 0 ? { ...file, path: `docs/g${i}.md`, language: 'markdown', scope: 'docs' as const } : file,
  );
  const write = (some: readonly IndexedFile[]) => store.writeFiles(some.map((file) => ({ file, chunkSetIds })));
  const paths = () =>
    store.read((reader) => {
      const { best } = reader.keyword(['term0', 'term1', 'term2'], weights, 1000, { scopes: ['docs'] });
      return [...new Set(reader.chunks(best.map(({ chunkId }) => chunkId)).map(({ path: file }) => file))].sort();
    });
  const documents = files.filter(({ scope }) => scope === 'docs').map(({ path: file }) => file);
  write(files.slice(0, 60));
  assert.deepEqual(paths(), documents.slice(0, 20).sort());
  write(files.slice(60));
  assert.deepEqual(paths(), documents.toSorted());
  store.removeFiles(documents.slice(0, 25));
  assert.deepEqual(paths(), documents.slice(25).sort());
});

test('nothing in a term is syntax', (context) => {
  const { store, chunkSetIds } = openStore(context);
  store.writeFiles(randomFiles(new SeededRandom(1), 3, 'a').map((file) => ({ file, chunkSetIds })));
  for (const term of ['"', '*', 'NEAR(', "'; DROP TABLE files", 'AND', '\0', '😀', 'x'.repeat(100_000)]) {
    assert.deepEqual(
      store.read((reader) => reader.keyword([term], weights, 10, {}).best),
      [],
    );
  }
});
