import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { migrate, schemaVersion } from '../../../../src/engine/store/migrate.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import { fakeVector } from '../../../support/fakeEncoder.ts';
import { hashOf } from '../../../support/indexedFiles.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/databases/', import.meta.url));
const weights = { path: 1, symbol: 1, signature: 1, doc: 1, body: 1 };

for (const name of fs.readdirSync(fixtures).filter((file) => file.endsWith('.db.gz'))) {
  test(`an index of format ${name} is opened with all that it holds`, (context) => {
    const file = path.join(temporaryFolder(context), 'x.db');
    fs.writeFileSync(file, gunzipSync(fs.readFileSync(path.join(fixtures, name))));
    const store = new RootStore(file);
    context.after(() => store.close());
    assert.equal(store.damagedCopy, undefined);
    store.read((reader) => {
      assert.deepEqual(reader.counts(), { files: 2, chunks: 3, embedded: 3 });
      const [hit] = reader.keyword(['writeconfig'], weights, 5, {}).best;
      assert.equal(reader.chunks([hit!.chunkId])[0]?.doc, 'Writes the settings.');
      const query = fakeVector(hashOf('Run the installer.').toString('hex'), 32);
      const [nearest] = reader.dense(query, 1, {});
      assert.equal(reader.chunks([nearest!.chunkId])[0]?.path, 'docs/guide.md');
    });
    assert.deepEqual(store.fileCounts({ exact: true }).skipped, { binary: 1 });
    assert.equal(store.health(), 'ok');
    assert.ok(store.acquire());
    assert.equal(store.removeFiles(['src/parser.ts']), 1);
  });
}

test('every format has its fixture', () => {
  for (let version = 1; version <= schemaVersion; version += 1)
    assert.ok(fs.existsSync(path.join(fixtures, `v${version}.db.gz`)));
});

test('migrating twice changes nothing', () => {
  const db = new Database(':memory:');
  migrate(db);
  const schema = db.prepare('SELECT sql FROM sqlite_schema').all();
  migrate(db);
  assert.deepEqual(db.prepare('SELECT sql FROM sqlite_schema').all(), schema);
  assert.equal(db.pragma('user_version', { simple: true }), schemaVersion);
  db.close();
});
