import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test, type TestContext } from 'node:test';
import { SearchEngine } from '../../../src/engine/search/searchEngine.ts';
import { RootIndex } from '../../../src/engine/store/rootIndex.ts';
import { searchLayers } from '../../../src/engine/team/searchLayers.ts';
import { SharedStore } from '../../../src/engine/team/sharedStore.ts';
import { TeamRoot } from '../../../src/engine/team/teamRoot.ts';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { FakeEncoder } from '../../support/fakeEncoder.ts';
import { IndexedFolder } from '../../support/indexedFolder.ts';
import { pgliteServer, type TestPostgres } from '../../support/postgresServer.ts';
import { plantedFiles } from '../../support/plantedSecrets.ts';
import { waitFor } from '../../support/waitFor.ts';

let server: TestPostgres;
before(async () => {
  server = await pgliteServer();
});
after(() => server.stop());

const secret = plantedFiles()[0]!;
const files: Readonly<Record<string, string>> = {
  'src/parser.ts': 'the parser reads tokens\n\nthe parser reports mistakes',
  'src/socket.ts': 'the socket retries the connection\n\nthe socket closes',
  'src/cache.ts': 'the cache forgets what is old',
  'docs/guide.md': 'how the parser is set up',
  'src/secret.ts': `an ordinary paragraph about zebras\n\n${secret.text}`,
};

interface Laptop {
  readonly folder: IndexedFolder;
  readonly encoder: FakeEncoder;
  readonly team: TeamRoot;
  readonly moved: () => number;
  readonly find: (query: string) => Promise<SearchResponse>;
}

const encoderOptions = { dimension: 64 };

/** A clone of a repository whose index the team shares. */
async function laptop(
  t: TestContext,
  repository: string,
  own: Readonly<Record<string, string>> = files,
): Promise<Laptop> {
  const encoder = new FakeEncoder(encoderOptions);
  let moved = 0;
  const opened: { folder?: IndexedFolder } = {};
  const team = new TeamRoot({
    settings: { url: server.url, repository, view: 'main', connections: 1 },
    root: 'file:///root',
    folder: '/nowhere',
    store: () => opened.folder!.store,
    onLog: () => undefined,
    onMoved: () => (moved += 1),
  });
  const folder = new IndexedFolder(t, own, { team });
  opened.folder = folder;
  t.after(() => team.dispose());
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const root = {
    team,
    searchedWith: (fingerprint: string | undefined) => ({
      root: 'file:///root',
      index: new RootIndex(folder.store, () => fingerprint),
    }),
  };
  const find = (query: string): Promise<SearchResponse> =>
    searchLayers([root], encoder.fingerprint, (searched) =>
      new SearchEngine().search(
        searched,
        encoder,
        { query, mode: 'hybrid', limit: 20, filters: {} },
        new AbortController().signal,
      ),
    );
  return { folder, encoder, team, moved: () => moved, find };
}

async function publish(
  t: TestContext,
  repository: string,
  own: Readonly<Record<string, string>> = files,
): Promise<void> {
  const encoder = new FakeEncoder(encoderOptions);
  const folder = new IndexedFolder(t, own);
  folder.indexer.start(encoder);
  await folder.indexer.whenIdle();
  const shared = new SharedStore({ url: server.url, connections: 1 });
  await shared.publish({ store: folder.store, repository, view: 'main', model: encoder });
  await shared.close();
}

const paths = ({ results }: SearchResponse): string[] => [...new Set(results.map(({ path }) => path))].sort();

test('a clone indexes and embeds only what the team does not share, and finds everything', async (t) => {
  await publish(t, 'clone');
  const { folder, encoder, find } = await laptop(t, 'clone');
  assert.deepEqual(folder.paths(), ['src/secret.ts']);
  assert.ok(encoder.embedded.length <= 2);
  const found = await find('parser tokens socket cache zebras');
  assert.deepEqual(paths(found), Object.keys(files).sort());
  assert.equal(found.notice, undefined);
  const ids = found.results.map(({ chunkId }) => chunkId);
  assert.equal(new Set(ids).size, ids.length);
});

test('what is edited here lies over what is shared, and only what changed is embedded', async (t) => {
  await publish(t, 'edit');
  const { folder, encoder, find } = await laptop(t, 'edit');
  encoder.embedded.length = 0;
  await folder.save({ 'src/parser.ts': 'the parser reads tokens\n\nthe quokka was never committed' });
  fs.rmSync(folder.absolute('src/cache.ts'));
  folder.indexer.filesChanged([folder.absolute('src/cache.ts')]);
  await folder.indexer.whenIdle();
  const texts = (await find('quokka parser cache mistakes')).results.map(({ text }) => text);
  assert.ok(texts.some((text) => text.includes('quokka')));
  assert.ok(!texts.some((text) => text.includes('mistakes') || text.includes('cache forgets')));
  assert.equal(texts.filter((text) => text.includes('reads tokens')).length, 1);
  assert.equal(encoder.embedded.filter((text) => text.includes('quokka')).length, 1);
  await folder.save({ 'src/parser.ts': files['src/parser.ts']! });
  assert.ok(!folder.paths().includes('src/parser.ts'));
  assert.ok((await find('mistakes')).results.some(({ text }) => text.includes('mistakes')));
});

test('when the team shares something newer, the clone keeps to its own files', async (t) => {
  await publish(t, 'newer');
  const { folder, find, moved } = await laptop(t, 'newer');
  await find('parser');
  await publish(t, 'newer', { ...files, 'src/socket.ts': 'the socket was rewritten by a colleague' });
  await waitFor('the newer file is hidden', async () => {
    const texts = (await find('socket colleague')).results.map(({ text }) => text);
    return moved() > 0 && !texts.some((text) => text.includes('colleague'));
  });
  folder.indexer.rescan();
  await folder.indexer.whenIdle();
  assert.ok(folder.paths().includes('src/socket.ts'));
  assert.ok((await find('socket retries')).results.some(({ text }) => text.includes('retries the connection')));
});

test('while the server is away that is said, local search goes on, and all is found when it is back', async (t) => {
  await publish(t, 'away');
  const { folder, team, find } = await laptop(t, 'away');
  await folder.save({ 'src/new.ts': 'the wombat is only here' });
  await find('wombat');
  await server.kill();
  const alone = await find('wombat parser');
  assert.match(alone.notice ?? '', /this machine only/);
  assert.ok(paths(alone).includes('src/new.ts') && !paths(alone).includes('src/parser.ts'));
  assert.equal(team.status.error?.code, 'store_offline');
  // Indexing goes on as well: what cannot be asked is taken to be as it was.
  await folder.save({ 'src/more.ts': 'the numbat came later' });
  assert.deepEqual(folder.paths(), ['src/more.ts', 'src/new.ts', 'src/secret.ts']);
  await server.restart();
  await waitFor('the server to be used again', async () => (await find('parser tokens')).notice === undefined, 60_000);
  assert.ok(paths(await find('parser tokens numbat')).includes('src/parser.ts'));
  assert.equal(team.status.error, undefined);
});

test('without the team everything is indexed here again', async (t) => {
  await publish(t, 'left');
  const { folder, encoder } = await laptop(t, 'left');
  await folder.indexer.dispose();
  const alone = folder.anotherIndexer();
  alone.start(encoder);
  await alone.whenIdle();
  assert.deepEqual(folder.paths(), Object.keys(files).sort());
});
