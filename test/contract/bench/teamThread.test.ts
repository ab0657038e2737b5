import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TeamThread } from '../../../src/engine/bench/teamThread.ts';
import { SharedStore } from '../../../src/engine/team/sharedStore.ts';
import { FakeEncoder, fakeVector } from '../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../support/indexedFolder.ts';
import { pgliteServer } from '../../support/postgresServer.ts';

test('a client in a thread of its own searches over its own connection and says what is wrong', async (t) => {
  const server = await pgliteServer();
  t.after(() => server.stop());
  const encoder = new FakeEncoder({ dimension: 64 });
  const folder = new IndexedFolder(t, { 'a.ts': 'function readTokensQuickly() {}\n' });
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const team = { url: server.url, repository: 'r', view: 'main', connections: 1 };
  const shared = new SharedStore(team);
  await shared.publish({ store: folder.store, repository: 'r', view: 'main', model: encoder });
  // The server takes one connection at a time.
  await shared.close();
  const { name, fingerprint, dimension } = encoder;
  const questions = ['read tokens', 'quickly'].map((query) => ({ query, vector: fakeVector(query, dimension) }));

  const thread = new TeamThread({ team, mode: 'hybrid', model: { name, fingerprint, dimension } });
  const times = await thread.together(questions);
  await thread.dispose();
  assert.equal(times.length, 2);
  assert.ok(times.every((time) => time > 0));

  const other = new TeamThread({ team, mode: 'hybrid', model: { name, fingerprint: 'other', dimension } });
  await assert.rejects(other.together(questions), { code: 'index_missing', message: /hybrid mode/ });
  await other.dispose();
});
