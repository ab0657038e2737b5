import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import { exportIndex } from '../../../../src/engine/transfer/exportIndex.ts';
import {
  importIndex,
  type ImportedIndex,
  type ImportExpectations,
} from '../../../../src/engine/transfer/importIndex.ts';
import { encodeHeader, readHeader, type IndexFileHeader } from '../../../../src/engine/transfer/indexFileHeader.ts';
import type { ExportSummary } from '../../../../src/shared/transfer.ts';
import { sha256Of } from '../../../support/sha256Of.ts';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { indexDump } from '../../../support/indexDump.ts';
import { IndexedFolder } from '../../../support/indexedFolder.ts';
import { filesOfTellingName, plantedFiles } from '../../../support/plantedSecrets.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const signal = new AbortController().signal;
const expected: ImportExpectations = { chunkerVersion: '1', fingerprint: 'fake', model: 'fake' };

function sourceFiles(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let i = 0; i < count; i += 1) {
    files[`src/part${i}.ts`] = Array.from(
      { length: 4 },
      (_, j) => `function f${i}x${j}(mast, sail${j}) {\n  return mast * ${i};\n}`,
    ).join('\n\n');
  }
  return files;
}

interface Exported {
  readonly source: IndexedFolder;
  readonly file: string;
  readonly summary: ExportSummary;
}

async function exported(t: TestContext, files: Record<string, string>): Promise<Exported> {
  const source = new IndexedFolder(t, files);
  source.indexer.start(new FakeEncoder());
  await source.indexer.whenIdle();
  const file = path.join(temporaryFolder(t), 'team.sxt');
  return { source, file, summary: await exportIndex(source.databaseFile, file, signal) };
}

function imported(
  database: string,
  file: string,
  options: { replace?: boolean; expected?: ImportExpectations } = {},
): Promise<ImportedIndex> {
  return importIndex(database, file, {
    expected: options.expected ?? expected,
    replace: options.replace ?? false,
    signal,
  });
}

/** The parts of an index file, to make wrong ones of. */
async function partsOf(file: string): Promise<{ header: IndexFileHeader; body: Buffer }> {
  const { header, bodyOffset } = await readHeader(file, 1);
  return { header, body: fs.readFileSync(file).subarray(bodyOffset) };
}

function writeParts(file: string, header: object, body: Buffer): string {
  fs.writeFileSync(file, Buffer.concat([encodeHeader(header as IndexFileHeader), body]));
  return file;
}

describe('an index file', () => {
  it('gives the same index elsewhere: the same chunks, words, vectors and symbols', async (t) => {
    const { source, file, summary } = await exported(t, sourceFiles(60));
    assert.equal(summary.files, 60);
    assert.equal(summary.withheld, 0);
    const database = path.join(temporaryFolder(t), 'deep', 'root.db');
    const { used, files } = await imported(database, file);
    assert.deepEqual([used, files], ['index', 60]);
    const terms = ['mast', 'sail0', 'sail3', 'function', 'part7'];
    assert.deepEqual(indexDump(database, terms), indexDump(source.databaseFile, terms));
    const health = new RootStore(database);
    assert.equal(health.health(), 'ok');
    health.close();
    assert.deepEqual(
      fs.readdirSync(path.dirname(database)).filter((name) => name.startsWith('import-')),
      [],
    );
  });

  it('is taken over by a clone whose times differ: only what changed is read anew', async (t) => {
    const files = sourceFiles(30);
    const { source, file } = await exported(t, files);
    const database = path.join(temporaryFolder(t), 'root.db');
    await imported(database, file);
    const clone = new IndexedFolder(t, files, { store: new RootStore(database) });
    clone.write({
      'src/part3.ts': 'function freshlyRigged(boom) {\n  return boom;\n}',
      'src/new.ts': 'function added() {}',
    });
    fs.rmSync(clone.absolute('src/part4.ts'));
    const encoder = new FakeEncoder();
    clone.indexer.start(encoder);
    const { reused, chunks } = await clone.indexer.whenIdle();
    assert.equal(encoder.embedded.length, 2);
    assert.equal(reused, chunks - 2);
    assert.deepEqual(clone.chunker.chunked.toSorted(), ['src/new.ts', 'src/part3.ts']);
    assert.deepEqual(clone.find('boom'), ['src/part3.ts']);
    assert.ok(!clone.paths().includes('src/part4.ts'));
    assert.equal(source.paths().length, 30);
  });

  it('lends its embeddings to an index that is there already', async (t) => {
    const files = sourceFiles(10);
    const { file } = await exported(t, files);
    const here = new IndexedFolder(t, { ...files, 'src/mine.ts': 'function mine() {}' });
    here.indexer.start();
    await here.indexer.whenIdle();
    const lent = await imported(here.databaseFile, file);
    assert.equal(lent.used, 'embeddings');
    const encoder = new FakeEncoder();
    here.indexer.setEncoder(encoder);
    here.indexer.rescan();
    await here.indexer.whenIdle();
    assert.equal(encoder.embedded.length, 1);
    lent.dispose();
    assert.deepEqual(
      fs.readdirSync(path.dirname(here.databaseFile)).filter((name) => name.startsWith('import-')),
      [],
    );
  });

  it('replaces the index when it is told to, but not under one that is being written', async (t) => {
    const { file } = await exported(t, sourceFiles(5));
    const here = new IndexedFolder(t, { 'other.ts': 'function other() {}' });
    here.indexer.start(new FakeEncoder());
    await here.indexer.whenIdle();
    await assert.rejects(imported(here.databaseFile, file, { replace: true }), { code: 'database_busy' });
    assert.deepEqual(here.paths(), ['other.ts']);
    await here.indexer.dispose();
    here.store.close();
    assert.equal((await imported(here.databaseFile, file, { replace: true })).used, 'index');
    const store = new RootStore(here.databaseFile);
    assert.equal(store.read((reader) => reader.files()).length, 5);
    store.close();
  });

  it('holds no secret and no absolute path', async (t) => {
    const secrets = [...plantedFiles(), ...filesOfTellingName()];
    const files = Object.fromEntries(secrets.map(({ path: file, text }) => [file, text]));
    const { source, file, summary } = await exported(t, { ...sourceFiles(5), ...files });
    assert.ok(secrets.length >= 200);
    const { header, body } = await partsOf(file);
    const database = zstdDecompressSync(body).toString('latin1');
    for (const { path: name, secret } of secrets) assert.ok(!database.includes(secret), name);
    assert.ok(!database.includes(source.folder) && !JSON.stringify(header).includes(source.folder));
    assert.ok(summary.withheld > 0);
    assert.ok(summary.files >= 5);
    const target = path.join(temporaryFolder(t), 'root.db');
    await imported(target, file);
    const store = new RootStore(target);
    const weights = { path: 1, symbol: 1, signature: 1, doc: 1, body: 1 };
    const found = store.read((reader) => reader.keyword(['mast'], weights, 100, {}).best.length);
    assert.equal(found, 20, 'what stays is found by its words');
    store.close();
  });
});

describe('a file that cannot be used is refused, and nothing is changed', () => {
  async function refused(
    t: TestContext,
    make: (file: string) => Promise<string> | string,
    code: string,
    words: RegExp,
    wanted = expected,
  ): Promise<void> {
    const { file } = await exported(t, sourceFiles(12));
    const wrong = await make(file);
    const storage = temporaryFolder(t);
    const database = path.join(storage, 'root.db');
    await assert.rejects(imported(database, wrong, { expected: wanted }), (error: Error & { code?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, words);
      return true;
    });
    assert.deepEqual(fs.readdirSync(storage), []);
  }

  it('one that is cut short, anywhere', async (t) => {
    for (const share of [0.02, 0.5, 0.999]) {
      const cut = (file: string): string => {
        const whole = fs.readFileSync(file);
        fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length * share)));
        return file;
      };
      await refused(t, cut, 'invalid_argument', /damaged/);
    }
  });

  it('one with a byte that changed, in the header or behind it', async (t) => {
    for (const place of [
      (size: number) => Math.min(40, size),
      (size: number) => size >> 1,
      (size: number) => size - 3,
    ]) {
      const flip = (file: string): string => {
        const whole = fs.readFileSync(file);
        whole[place(whole.length)]! ^= 0x10;
        fs.writeFileSync(file, whole);
        return file;
      };
      await refused(t, flip, 'invalid_argument', /damaged/);
    }
  });

  it('something else altogether', async (t) => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('SQLite format 3\0'),
      Buffer.from('PK\x03\x04 and so on, long enough'),
    ]) {
      const foreign = (file: string): string => {
        fs.writeFileSync(file, bytes);
        return file;
      };
      await refused(t, foreign, 'invalid_argument', /not an index file/);
    }
    await refused(t, (file) => `${file}.missing`, 'not_found', /cannot be read/);
  });

  it('one of a newer Sextant, or made with another model or chunker', async (t) => {
    const changed = (change: object) => async (file: string) => {
      const { header, body } = await partsOf(file);
      return writeParts(file, { ...header, ...change }, body);
    };
    await refused(t, changed({ format: 2, product: '9.9.9' }), 'database_too_new', /9\.9\.9/);
    await refused(t, changed({ schema: 1_000_000, product: '9.9.9' }), 'database_too_new', /9\.9\.9/);
    await refused(t, changed({ chunkerVersion: '2' }), 'model_mismatch', /cuts files differently/);
    const other = { ...expected, fingerprint: 'another', model: 'grand' };
    await refused(t, (file) => file, 'model_mismatch', /the model fake; in use is grand/, other);
  });

  it('one whose database is not what an export makes', async (t) => {
    const rewritten = (sql: string) => async (file: string) => {
      const { header, body } = await partsOf(file);
      const database = `${file}.db`;
      fs.writeFileSync(database, zstdDecompressSync(body));
      const db = new Database(database);
      db.exec(sql);
      db.close();
      const bytes = fs.readFileSync(database);
      return writeParts(file, { ...header, bytes: bytes.length, sha256: sha256Of(bytes) }, zstdCompressSync(bytes));
    };
    const cases = [
      'CREATE TRIGGER evil AFTER INSERT ON files BEGIN DELETE FROM chunks; END',
      'DROP TABLE files; CREATE VIEW files AS SELECT 1 AS id',
      'DROP TABLE symbols',
      "UPDATE files SET path = '../../etc/passwd' WHERE id = 1",
      "UPDATE files SET path = '/etc/passwd' WHERE id = 1",
      "UPDATE embeddings SET vector = x'00'",
      'UPDATE chunks SET file_id = 99999',
      'UPDATE symbols SET chunk_id = 1; UPDATE chunk_embeddings SET chunk_id = 1099511627776 WHERE chunk_id = 2; UPDATE chunk_texts SET chunk_id = 1099511627776 WHERE chunk_id = 2; UPDATE chunks SET id = 1099511627776 WHERE id = 2',
      "UPDATE chunks SET text_hash = x'0011'",
    ];
    for (const sql of cases) await refused(t, rewritten(sql), 'invalid_argument', /damaged/);
  });

  it('one that unpacks to more than it says', async (t) => {
    const bomb = async (file: string): Promise<string> => {
      const { header } = await partsOf(file);
      return writeParts(file, header, zstdCompressSync(Buffer.alloc(header.bytes + 50_000_000)));
    };
    await refused(t, bomb, 'invalid_argument', /longer than it says/);
  });
});

it('a cancelled import or export leaves nothing behind', async (t) => {
  const { source, file } = await exported(t, sourceFiles(5));
  const aborted = AbortSignal.abort(new Error('enough'));
  const storage = temporaryFolder(t);
  await assert.rejects(
    importIndex(path.join(storage, 'root.db'), file, { expected, replace: false, signal: aborted }),
    /enough/,
  );
  assert.deepEqual(fs.readdirSync(storage), []);
  const target = path.join(temporaryFolder(t), 'other.sxt');
  await assert.rejects(exportIndex(source.databaseFile, target, aborted), /enough/);
  assert.deepEqual(fs.readdirSync(path.dirname(target)), []);
  // In the middle: the thread is under way when it is told.
  const soon = (): AbortSignal => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 1);
    return controller.signal;
  };
  await assert.rejects(exportIndex(source.databaseFile, target, soon()), /enough/);
  assert.deepEqual(fs.readdirSync(path.dirname(target)), []);
  const leftovers = () => fs.readdirSync(path.dirname(source.databaseFile)).filter((name) => name.includes('port-'));
  assert.deepEqual(leftovers(), []);
  await assert.rejects(
    importIndex(path.join(storage, 'root.db'), file, { expected, replace: false, signal: soon() }),
    /enough/,
  );
  assert.deepEqual(fs.readdirSync(storage), []);
  const nowhere = path.join(storage, 'no', 'such', 'folder', 'x.sxt');
  await assert.rejects(exportIndex(source.databaseFile, nowhere, signal), { code: 'invalid_argument' });
});
