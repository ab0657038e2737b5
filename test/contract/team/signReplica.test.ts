import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SharedIndex } from '../../../src/engine/store/postgres/sharedIndex.ts';
import { SharedStore } from '../../../src/engine/team/sharedStore.ts';
import { FakeEncoder, fakeVector } from '../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../support/indexedFolder.ts';
import { pgliteServer, rowsOf } from '../../support/postgresServer.ts';
import { waitFor } from '../../support/waitFor.ts';

const dimension = 64;
const near = 40;

/** More chunks than are all scored. */
function manyFiles(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [
      `src/file${i}.ts`,
      Array.from({ length: 400 }, (__, j) => `paragraph ${j} of file ${i}`).join('\n\n'),
    ]),
  );
}

async function signsWritten(url: string): Promise<number | undefined> {
  const [row] = await rowsOf<{ n: number }>(url, 'SELECT sum(embedded)::int AS n FROM sextant.segment_codes');
  return row?.n;
}

/** The nearest by the signs that are here: the server alone tells cosines with them. */
async function nearestHere(index: SharedIndex, vector: Float32Array): Promise<number[]> {
  const found = await waitFor('signs', async () => {
    const nearest = await index.dense(vector, near, {});
    return nearest.length > 0 && nearest.every(({ score }) => score === undefined) ? nearest : undefined;
  });
  return found.map(({ chunkId }) => chunkId);
}

test('the nearest are found by signs that are kept here, which follow what is published', async (t) => {
  const server = await pgliteServer();
  t.after(() => server.stop());
  const encoder = new FakeEncoder({ dimension });
  const folder = new IndexedFolder(t, manyFiles());
  folder.indexer.start(undefined);
  await folder.indexer.whenIdle();
  const shared = new SharedStore({ url: server.url, connections: 1 });
  t.after(() => shared.close());
  const publish = (model: FakeEncoder | undefined) =>
    shared.publish({ store: folder.store, repository: 'r', view: 'main', model });
  // First by somebody without a model: its vectors come to segments that are there.
  await publish(undefined);
  folder.indexer.setEncoder(encoder);
  await folder.indexer.whenIdle();
  const { chunks, embedded } = await publish(encoder);
  assert.deepEqual([chunks, embedded], [2400, 2400]);
  assert.equal(await signsWritten(server.url), 2400);

  const index = await shared.index('r', 'main', encoder.fingerprint);
  const query = fakeVector('what is asked', dimension);
  const byServer = await index.dense(query, near, {});
  assert.ok(byServer.every(({ score }) => score !== undefined));
  const all = byServer.map(({ chunkId }) => chunkId);
  const scoresBefore = await index.cosines(query, all);
  const here = await nearestHere(index, query);
  const [best] = byServer;
  assert.ok(here.includes(best!.chunkId));
  assert.ok(here.filter((id) => all.includes(id)).length > near / 2);
  // By the hashes of the texts the server finds the same cosines as by the chunks.
  assert.deepEqual(await index.cosines(query, all), scoresBefore);
  assert.deepEqual(
    byServer.map(({ score }) => score),
    scoresBefore,
  );

  await folder.save({ 'src/new.ts': 'the text that is looked for' });
  await publish(encoder);
  const wanted = fakeVector(encoder.embedded.at(-1)!, dimension);
  const fresh = await waitFor('the new chunk', async () => {
    const ids = await nearestHere(index, wanted);
    const [first] = await index.heads(ids.slice(0, 1));
    return first?.path === 'src/new.ts' ? first : undefined;
  });

  // What differs on this machine is not searched there.
  const listed = await rowsOf<{ path: string; hash: string }>(
    server.url,
    "SELECT path, encode(content_hash, 'hex') AS hash FROM sextant.files",
  );
  index.limitTo(new Map(listed.filter(({ path }) => path !== 'src/new.ts').map(({ path, hash }) => [path, hash])));
  const others = await waitFor('a view without the file', async () => {
    const ids = await nearestHere(index, wanted);
    return ids.includes(fresh.chunkId) ? undefined : ids;
  });
  assert.equal(others.length, near);
  index.limitTo(undefined);
  const again = await nearestHere(index, wanted);
  assert.equal(again[0], fresh.chunkId);
});

test('the index of an older Sextant, which wrote no signs, is searched all the same', async (t) => {
  const server = await pgliteServer();
  t.after(() => server.stop());
  const encoder = new FakeEncoder({ dimension });
  const folder = new IndexedFolder(t, manyFiles());
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const shared = new SharedStore({ url: server.url, connections: 1 });
  const request = { store: folder.store, repository: 'r', view: 'main', model: encoder };
  await shared.publish(request);
  await shared.close();
  await rowsOf(server.url, 'DROP TABLE sextant.segment_codes; DELETE FROM sextant.migrations WHERE version = 3');
  const newer = new SharedStore({ url: server.url, connections: 1 });
  t.after(() => newer.close());
  const index = await newer.index('r', 'main', encoder.fingerprint);
  const query = fakeVector(encoder.embedded[7]!, dimension);
  const [best] = await index.dense(query, near, {});
  assert.ok(best!.score! > 0.99);
  assert.equal((await nearestHere(index, query))[0], best!.chunkId);
  await newer.publish(request);
  assert.equal(await signsWritten(server.url), 2400);
  const after = await newer.index('r', 'main', encoder.fingerprint);
  assert.equal((await nearestHere(after, query))[0], best!.chunkId);
});
