import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { deleteDatabase } from '../../../../src/engine/store/databaseFile.ts';
import { schemaVersion } from '../../../../src/engine/store/migrate.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import { translateError } from '../../../../src/engine/store/sqlite.ts';
import { SextantError } from '../../../../src/shared/errors.ts';
import { indexedFile } from '../../../support/indexedFiles.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

/** A closed database with some hundred chunks. */
function filledDatabase(context: TestContext): string {
  const file = path.join(temporaryFolder(context), 'root.db');
  const store = new RootStore(file);
  store.acquire();
  const { chunkSet } = store.prepare('c1', undefined);
  const files = Array.from({ length: 60 }, (_, i) =>
    indexedFile(
      `src/f${i}.ts`,
      Array.from({ length: 5 }, (_unused, j) => ({
        name: `f${i}x${j}`,
        text: `function f${i}x${j}() { return ${i * j}; }`,
      })),
    ),
  );
  store.writeFiles(files.map((written) => ({ file: written, chunkSetIds: [chunkSet.id] })));
  store.close();
  return file;
}

function assertRebuilt(file: string): void {
  const store = new RootStore(file);
  try {
    assert.deepEqual(
      store.read((reader) => reader.counts()),
      { files: 0, chunks: 0, embedded: 0 },
    );
    assert.ok(store.damagedCopy !== undefined && fs.existsSync(store.damagedCopy));
    assert.match(path.basename(store.damagedCopy), /^root\.db\.damaged-/);
    assert.equal(store.health(), 'ok');
  } finally {
    store.close();
  }
}

test('a database cut in half is set aside and begun anew', (context) => {
  const file = filledDatabase(context);
  fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2));
  assertRebuilt(file);
});

test('a database of garbage is set aside and begun anew', (context) => {
  const file = filledDatabase(context);
  fs.writeFileSync(file, Buffer.alloc(50_000, 'garbage '));
  assertRebuilt(file);
});

test('a database whose schema is overwritten is set aside and begun anew', (context) => {
  const file = filledDatabase(context);
  const descriptor = fs.openSync(file, 'r+');
  fs.writeSync(descriptor, Buffer.alloc(3900, 0xff), 0, 3900, 100);
  fs.closeSync(descriptor);
  assertRebuilt(file);
});

test('a database whose schema is not what its version says is set aside and begun anew', (context) => {
  const file = filledDatabase(context);
  const db = new Database(file);
  db.exec('ALTER TABLE embeddings RENAME COLUMN body_hash TO other');
  db.close();
  assertRebuilt(file);
});

/** Overwrites the pages of a table and opens the database, in which nothing else is wrong. */
function damaged(context: TestContext, table: string): RootStore {
  const file = filledDatabase(context);
  const db = new Database(file);
  const pages = db
    .prepare('SELECT pageno FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)')
    .pluck()
    .all(table) as number[];
  db.close();
  const descriptor = fs.openSync(file, 'r+');
  for (const page of pages) fs.writeSync(descriptor, Buffer.alloc(4096, 0x5a), 0, 4096, (page - 1) * 4096);
  fs.closeSync(descriptor);
  const store = new RootStore(file);
  context.after(() => store.close());
  return store;
}

const reads: readonly (readonly [what: string, table: string, read: (store: RootStore) => unknown])[] = [
  ['texts', 'chunk_texts', (store) => store.read((r) => r.files().flatMap(({ fileId }) => r.chunksOfFile(fileId)))],
  ['files', 'files', (store) => store.chunkSetIds().map((id) => store.knownFiles(id))],
  ['one file', 'files', (store) => store.chunkSetIds().map((id) => store.knownFile(id, 'src/f1.ts'))],
  ['files of a folder', 'files', (store) => store.filesBelow('src')],
  ['counts of files', 'files', (store) => store.fileCounts({ exact: true })],
];

for (const [what, table, read] of reads) {
  test(`damage that shows only when ${what} are read is reported as such, and the store can be begun anew`, (context) => {
    const store = damaged(context, table);
    let told = 0;
    store.onDamage = () => (told += 1);
    assert.throws(
      () => read(store),
      (error) => error instanceof SextantError && error.code === 'database_damaged',
    );
    assert.equal(told, 1);
    store.replaceDamaged();
    assert.equal(store.damage, undefined);
    assert.equal(store.read((reader) => reader.counts()).files, 0);
  });
}

test('an empty file is a database that is yet to be filled', (context) => {
  const file = path.join(temporaryFolder(context), 'root.db');
  fs.writeFileSync(file, '');
  const store = new RootStore(file);
  context.after(() => store.close());
  assert.equal(store.damagedCopy, undefined);
  assert.equal(store.read((reader) => reader.counts()).files, 0);
});

test('a database of a newer Sextant is refused and left as it is', (context) => {
  const file = filledDatabase(context);
  const db = new Database(file);
  db.pragma(`user_version = ${schemaVersion + 1}`);
  db.close();
  const before = fs.readFileSync(file);
  assert.throws(
    () => new RootStore(file),
    (error) => error instanceof SextantError && error.code === 'database_too_new' && /newer/.test(error.message),
  );
  assert.deepEqual(fs.readFileSync(file), before);
});

test('only the last damaged copy is kept, and deleting an index deletes it', (context) => {
  const file = filledDatabase(context);
  const folder = path.dirname(file);
  const copies = (): string[] => fs.readdirSync(folder).filter((name) => /damaged-[^.]*$/.test(name));
  for (let i = 0; i < 3; i += 1) {
    fs.writeFileSync(file, 'x'.repeat(5000));
    new RootStore(file).close();
  }
  assert.equal(copies().length, 1);
  deleteDatabase(file);
  assert.deepEqual(
    fs.readdirSync(folder).filter((name) => !name.endsWith('.lock')),
    [],
  );
});

test('what SQLite throws when the disk is full is an error for people', () => {
  const db = new Database(':memory:');
  db.exec('CREATE TABLE t (x)');
  db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 1}`);
  try {
    db.prepare('INSERT INTO t VALUES (zeroblob(100000))').run();
    assert.fail('the table must not fit');
  } catch (error) {
    const translated = translateError(error);
    assert.ok(translated instanceof SextantError);
    assert.equal(translated.code, 'disk_full');
    assert.match(translated.hint ?? '', /space/);
  } finally {
    db.close();
  }
});
