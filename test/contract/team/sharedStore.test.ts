import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { PostgresConnection } from '../../../src/engine/store/postgres/postgresConnection.ts';
import { ensureGraph } from '../../../src/engine/store/postgres/vectorGraph.ts';
import { findModel } from '../../../src/engine/store/postgres/vectorTable.ts';
import type { NearCandidate, SearchSource } from '../../../src/engine/store/searchIndex.ts';
import { chunkerVersion } from '../../../src/engine/chunk/chunkerVersion.ts';
import { publishIndex } from '../../../src/engine/team/publishIndex.ts';
import { SharedStore } from '../../../src/engine/team/sharedStore.ts';
import { SextantError, type ErrorCode } from '../../../src/shared/errors.ts';
import { FakeEncoder } from '../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../support/indexedFolder.ts';
import { pgliteServer, realDatabase, realPostgres, rowsOf, type TestPostgres } from '../../support/postgresServer.ts';
import { plantedFiles } from '../../support/plantedSecrets.ts';

const weights = { path: 2, symbol: 3, signature: 1.5, doc: 1.5, body: 1 };
const words = ['parser', 'reads', 'tokens', 'writes', 'config', 'cache', 'opens', 'socket', 'retries', 'query'];

function someFiles(count: number): Record<string, string> {
  const paragraph = (seed: number): string =>
    Array.from({ length: 9 }, (_, i) => words[(seed * (i + 3) + i * i) % words.length]!).join(' ');
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const paragraphs = Array.from({ length: 1 + (i % 4) }, (__, j) => `${paragraph(i * 7 + j)} number${i}x${j}`);
      return [`src/${['net', 'store', 'ui'][i % 3]!}/file${i}.ts`, paragraphs.join('\n\n')];
    }),
  );
}

interface Fixture {
  readonly url: string;
  readonly folder: IndexedFolder;
  readonly encoder: FakeEncoder;
  readonly shared: SharedStore;
  readonly connections: number;
}

async function indexed(t: TestContext, files: Readonly<Record<string, string>>): Promise<[IndexedFolder, FakeEncoder]> {
  const encoder = new FakeEncoder({ dimension: 64 });
  const folder = new IndexedFolder(t, files);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  return [folder, encoder];
}

const pglite = realPostgres === undefined ? pgliteServer() : undefined;
after(async () => (await pglite)?.stop());

/** As a server is on which nobody has shared anything. */
async function emptied(server: TestPostgres | undefined): Promise<TestPostgres> {
  assert.ok(server !== undefined);
  await rowsOf(server.url, 'DROP SCHEMA IF EXISTS sextant CASCADE');
  return server;
}

/** An indexed folder and a server: PostgreSQL in WebAssembly, or the real one where one is named. */
async function fixture(t: TestContext, files: Readonly<Record<string, string>>, real = realPostgres): Promise<Fixture> {
  const { url, connections } =
    real === undefined ? await emptied(await pglite) : { url: await realDatabase(t, real), connections: 4 };
  const [folder, encoder] = await indexed(t, files);
  const shared = new SharedStore({ url, connections });
  t.after(() => shared.close());
  return { url, folder, encoder, shared, connections };
}

type Scores = ReadonlyMap<string, number>;

/** The server keeps vectors of 16 bits as half-precision numbers. */
function assertClose(actual: Scores, expected: Scores): void {
  assert.deepEqual([...actual.keys()].sort(), [...expected.keys()].sort());
  for (const [key, score] of expected) assert.ok(Math.abs(actual.get(key)! - score) < 0.002, key);
}

async function assertSame(actual: SearchSource, expected: SearchSource, encoder: FakeEncoder): Promise<void> {
  const [left, right] = [await seen(actual, encoder), await seen(expected, encoder)];
  assert.deepEqual(left.facts, right.facts);
  for (const [i, scores] of right.ranked.entries()) assertClose(left.ranked[i]!, scores);
}

interface Seen {
  readonly facts: unknown;
  readonly ranked: readonly Scores[];
}

/** What a search sees, by path and lines instead of by ids, in a form to compare. */
async function seen(index: SearchSource, encoder: FakeEncoder): Promise<Seen> {
  const place = async (found: readonly NearCandidate[]): Promise<Scores> => {
    const rows = await index.chunks(found.map(({ chunkId }) => chunkId));
    assert.equal(rows.length, found.length);
    return new Map(rows.map((row, i) => [`${row.path}:${row.startLine} ${row.text}`, found[i]!.score ?? NaN]));
  };
  const { embeddings } = await encoder.embed(['how tokens are read', 'socket retries'], 'query');
  const dense = await Promise.all(embeddings.map(async (vector) => place(await index.dense(vector, 1000, {}))));
  const near = (await index.dense(embeddings[0]!, 40, {})).map(({ chunkId }) => chunkId);
  const cosines = await index.cosines(embeddings[1]!, near);
  const filtered = (await index.keyword(['token', 'cach'], weights, 1000, { languages: ['typescript'] })).best;
  const matches = await index.keyword(['read', 'token', 'config'], weights, 1000, {});
  const ids = matches.best.map(({ chunkId }) => chunkId);
  const held = matches.held(ids);
  const heads = (await index.heads(ids)).map((head) => head!);
  const files = await index.files();
  const some = new Set(files.slice(0, 5).map(({ fileId }) => fileId));
  const facts = {
    counts: await index.counts(),
    frequencies: [...(await index.keyword(['token', 'read', 'nowhere'], weights, 0, {})).frequencies],
    held: heads.map(({ path, startLine }, i) => `${path}:${startLine} ${held[i]!.join()}`).sort(),
    heads: heads
      .map((head) => ({ ...head, chunkId: 0, fileId: 0 }))
      .sort((a, b) => a.path.localeCompare(b.path) || a.startLine - b.startLine),
    files: files.map(({ path, language, scope, chunkCount }) => ({ path, language, scope, chunkCount })),
    at: (await index.chunksAt(files[3]!.path, 1, 3)).map(({ text }) => text),
  };
  const ranked = [
    await place(matches.best),
    await place(filtered),
    ...dense,
    await place(near.map((chunkId, i) => ({ chunkId, score: cosines[i]! }))),
    await place(await index.dense(embeddings[0]!, 1000, { fileIds: some })),
    await place((await index.keyword(['read', 'token'], weights, 1000, { fileIds: some })).best),
  ];
  return { facts, ranked };
}

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SextantError && error.code === code;

test('a published index answers as the one that it was made of, after edits too', async (t) => {
  const { folder, encoder, shared } = await fixture(t, someFiles(60));
  const publish = () => shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  const summary = await publish();
  assert.deepEqual([summary.files, summary.added, summary.withheld], [60, 60, 0]);
  const index = await shared.index('r', 'main', encoder.fingerprint);
  await assertSame(index, folder.store.reader, encoder);
  const again = await publish();
  assert.deepEqual([again.files, again.added, again.removed], [60, 0, 0]);
  await folder.save({
    'src/net/file0.ts': 'something quite different tokens',
    'docs/new.md': 'a new page about config',
  });
  const edited = await publish();
  assert.deepEqual([edited.files, edited.added, edited.removed], [61, 2, 1]);
  const fresh = await shared.index('r', 'main', encoder.fingerprint);
  await assertSame(fresh, folder.store.reader, encoder);
});

test('views share what is the same in them, and each has its own state', async (t) => {
  const { folder, encoder, shared, url } = await fixture(t, someFiles(30));
  const publish = (view: string) => shared.publish({ store: folder.store, repository: 'r', view, model: encoder });
  await publish('main');
  const [untouched] = await indexed(t, someFiles(30));
  await folder.save({ 'src/net/file3.ts': 'only in the branch tokens' });
  const branch = await publish('branch');
  assert.deepEqual([branch.files, branch.added], [30, 1]);
  await assertSame(await shared.index('r', 'main', encoder.fingerprint), untouched.store.reader, encoder);
  await assertSame(await shared.index('r', 'branch', encoder.fingerprint), folder.store.reader, encoder);
  assert.deepEqual(await rowsOf(url, 'SELECT count(*)::int AS files FROM sextant.files'), [{ files: 31 }]);
});

test('nothing is searched with the vectors of another model', async (t) => {
  const { folder, encoder, shared } = await fixture(t, someFiles(10));
  await shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  const other = await shared.index('r', 'main', 'another');
  const { embeddings } = await encoder.embed(['x'], 'query');
  assert.deepEqual(await other.dense(embeddings[0]!, 5, {}), []);
  assert.equal((await other.counts()).embedded, 0);
  assert.ok((await other.keyword(['token'], weights, 5, {})).best.length > 0);
});

test('no secret reaches the server', async (t) => {
  const planted = plantedFiles();
  const { folder, encoder, shared, url } = await fixture(t, {
    ...Object.fromEntries(planted.map(({ path, text }) => [path, text])),
    ...someFiles(5),
  });
  const { withheld, files } = await shared.publish({
    store: folder.store,
    repository: 'r',
    view: 'main',
    model: encoder,
  });
  assert.ok(withheld >= planted.length && files >= planted.length);
  const [texts] = await rowsOf(
    url,
    `SELECT (SELECT string_agg(concat_ws(' ', text, doc, signature, symbol, name), ' ') FROM sextant.chunks)
       || (SELECT coalesce(string_agg(name, ' '), '') FROM sextant.symbols) AS all`,
  );
  for (const { secret, path } of planted) assert.ok(!String(texts!['all']).includes(secret), path);
});

test('what lacks, is newer or cannot be reached is said', async (t) => {
  const { folder, encoder, shared, url } = await fixture(t, someFiles(3));
  await assert.rejects(shared.index('r', 'main', undefined), failsWith('index_missing'));
  await shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  const index = await shared.index('r', 'elsewhere', undefined);
  await assert.rejects(async () => index.files(), failsWith('index_missing'));
  await rowsOf(url, 'INSERT INTO sextant.migrations VALUES (999)');
  const publish = shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  await assert.rejects(publish, failsWith('database_too_new'));
  const nowhere = new SharedStore({ url: 'postgres://x@127.0.0.1:9/x' });
  t.after(() => nowhere.close());
  await assert.rejects(nowhere.index('r', 'main', undefined), failsWith('store_offline'));
  assert.throws(() => new SharedStore({ url: 'mysql://x' }), failsWith('invalid_argument'));
});

test('a run that was cut by the end of the server resumes behind what it had brought', async (t) => {
  const server = await pgliteServer();
  t.after(() => server.stop());
  // Three transactions' worth: a segment takes some two thousand chunks.
  const long = Array.from({ length: 500 }, (_, i) => `tokens are read here number${i}`).join('\n\n');
  const files = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`src/big${i}.ts`, `${long} file${i}`]));
  const [folder, encoder] = await indexed(t, files);
  const shared = new SharedStore({ url: server.url, connections: 1 });
  t.after(() => shared.close());
  let cut = false;
  const request = { store: folder.store, repository: 'r', view: 'main', model: encoder };
  const publish = shared.publish({
    ...request,
    onProgress: () => {
      if (!cut) void server.kill();
      cut = true;
    },
  });
  await assert.rejects(publish, failsWith('store_offline'));
  await server.restart();
  const resumed = await shared.publish(request);
  assert.ok(resumed.added > 0 && resumed.added < 9, String(resumed.added));
  const index = await shared.index('r', 'main', encoder.fingerprint);
  assert.deepEqual(await index.counts(), folder.store.reader.counts());
  const [hit] = await index.chunks((await index.keyword(['file6'], weights, 1, {})).best.map(({ chunkId }) => chunkId));
  assert.equal(hit?.path, 'src/big6.ts');
});

test('a graph is made beside other writers, once however many want it, and anew where its making was cut', async (t) => {
  const { url, folder, encoder, shared, connections } = await fixture(t, someFiles(60));
  await shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  const connection = new PostgresConnection(url, { connections });
  t.after(() => connection.close());
  const model = (await findModel(connection, encoder.fingerprint))!;
  const [repository] = await rowsOf(url, 'SELECT repository_id::int AS id FROM sextant.repositories');
  const id = Number(repository!['id']);
  const graphs = () =>
    rowsOf(
      url,
      `SELECT i.indisvalid AS whole FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       WHERE c.relname LIKE 'vectors_%_graph_%'`,
    );
  assert.equal(await ensureGraph(connection, id, model), false);
  await assert.rejects(
    ensureGraph(connection, id, model, { from: 1, signal: AbortSignal.abort(new Error('enough')) }),
    /enough/,
  );
  assert.deepEqual(await graphs(), []);
  const controller = new AbortController();
  const asleep = connection.session((statements) => statements.rows('SELECT pg_sleep(60)'), controller.signal);
  // While it is being connected.
  controller.abort(new Error('enough'));
  await assert.rejects(asleep, /enough/);
  const makers = Array.from({ length: connections }, () => ensureGraph(connection, id, model, { from: 1 }));
  assert.ok((await Promise.all(makers)).includes(true));
  assert.deepEqual(await graphs(), [{ whole: true }]);
  await rowsOf(url, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'sextant.vectors_1_graph_1'::regclass");
  assert.equal(await ensureGraph(connection, id, model, { from: 1 }), true);
  assert.deepEqual(await graphs(), [{ whole: true }]);
  const index = await shared.index('r', 'main', encoder.fingerprint);
  await assertSame(index, folder.store.reader, encoder);
});

if (realPostgres !== undefined) {
  test('a repository is published while the graph of another is made', async (t) => {
    const { url, folder, encoder, shared } = await fixture(t, someFiles(80), realPostgres);
    await shared.publish({ store: folder.store, repository: 'large', view: 'main', model: encoder });
    const maker = new PostgresConnection(url);
    t.after(() => maker.close());
    await maker.transaction(async (statements) => {
      // As the server holds it for as long as it makes a graph.
      await statements.rows('LOCK TABLE sextant.vectors_1 IN SHARE UPDATE EXCLUSIVE MODE');
      const patient = new SharedStore({ url }, { statementTimeoutMs: 3000 });
      const request = { store: folder.store, repository: 'other', view: 'main', model: encoder };
      const { files } = await patient.publish(request).finally(() => patient.close());
      assert.equal(files, 80);
    });
  });

  test('who may not make a graph shares all the rest, and is told', async (t) => {
    const { url, folder, encoder, shared } = await fixture(t, someFiles(10), realPostgres);
    await shared.publish({ store: folder.store, repository: 'first', view: 'main', model: encoder });
    const role = `ci_${process.pid}_${Math.floor(performance.now())}`;
    await rowsOf(
      url,
      `INSERT INTO sextant.repositories (name) VALUES ('second');
       CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA sextant TO ${role};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sextant TO ${role};
       GRANT USAGE ON ALL SEQUENCES IN SCHEMA sextant TO ${role};
       INSERT INTO sextant.members SELECT repository_id, '${role}', true FROM sextant.repositories WHERE name = 'second'`,
    );
    t.after(() => rowsOf(realPostgres!, `DROP ROLE ${role}`));
    const address = new URL(url);
    address.username = role;
    const connection = new PostgresConnection(address.href);
    t.after(() => connection.close());
    const model = (await findModel(connection, encoder.fingerprint))!;
    const [repository] = await rowsOf(
      url,
      "SELECT repository_id::int AS id FROM sextant.repositories WHERE name = 'second'",
    );
    const published = await publishIndex({
      store: folder.store,
      connection,
      repositoryId: Number(repository!['id']),
      chunker: String(chunkerVersion),
      model,
      view: 'main',
      signal: undefined,
      graphFrom: 1,
    });
    assert.equal(published.files, 10);
    assert.match(published.graphFailure ?? '', /must be owner/);
  });

  test('two writers of one repository end in the state of one', async (t) => {
    const { folder, encoder, shared, url } = await fixture(t, someFiles(200), realPostgres);
    const [clone] = await indexed(t, someFiles(200));
    const second = new SharedStore({ url });
    t.after(() => second.close());
    const publish = (writer: SharedStore, { store }: IndexedFolder) =>
      writer.publish({ store, repository: 'r', view: 'main', model: encoder });
    const [one, two] = await Promise.all([publish(shared, folder), publish(second, clone)]);
    assert.deepEqual([one.files, two.files], [200, 200]);
    const index = await shared.index('r', 'main', encoder.fingerprint);
    await assertSame(index, folder.store.reader, encoder);
    assert.deepEqual(await rowsOf(url, 'SELECT count(*)::int AS files FROM sextant.files'), [{ files: 200 }]);
  });

  test('a role sees the repositories that it is a member of, and no other', async (t) => {
    const { folder, encoder, shared, url } = await fixture(t, someFiles(20), realPostgres);
    for (const repository of ['ours', 'theirs']) {
      await shared.publish({ store: folder.store, repository, view: 'main', model: encoder });
    }
    const role = `dev_${process.pid}_${Math.floor(performance.now())}`;
    await rowsOf(
      url,
      `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA sextant TO ${role};
       GRANT SELECT ON ALL TABLES IN SCHEMA sextant TO ${role};
       INSERT INTO sextant.members SELECT repository_id, '${role}' FROM sextant.repositories WHERE name = 'ours'`,
    );
    // What it was granted went with the database.
    t.after(() => rowsOf(realPostgres!, `DROP ROLE ${role}`));
    const address = new URL(url);
    address.username = role;
    const member = new SharedStore({ url: address.href });
    t.after(() => member.close());
    const ours = await member.index('ours', 'main', encoder.fingerprint);
    await assertSame(ours, folder.store.reader, encoder);
    const theirs = await member.index('theirs', 'main', encoder.fingerprint);
    await assert.rejects(async () => theirs.files(), failsWith('index_missing'));
    const visible = await rowsOf(address.href, 'SELECT count(DISTINCT repository_id)::int AS n FROM sextant.chunks');
    assert.deepEqual(visible, [{ n: 1 }]);
    await assert.rejects(
      member.publish({ store: folder.store, repository: 'theirs', view: 'main', model: encoder }),
      failsWith('access_denied'),
    );
  });
}
