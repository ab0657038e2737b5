import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { SearchRequest, SearchResponse } from '../../../../src/shared/search.ts';
import { MoodFixture } from '../../../support/moodFixture.ts';
import { waitFor } from '../../../support/waitFor.ts';

const { signal } = new AbortController();

async function project(t: TestContext, embed = true): Promise<MoodFixture> {
  const fixture = new MoodFixture(t);
  const { repository } = fixture;
  repository.commit({ message: 'Parse nested brackets', files: { 'src/parser.ts': '1' } });
  repository.commit({ message: 'ugh, the socket leaks\n\nClose it.', files: { 'src/net.ts': '1' } });
  repository.commit({ message: 'Update the changelog', files: { 'CHANGELOG.md': '1' } });
  await fixture.history.update(fixture.root, { embed, signal });
  return fixture;
}

function search(fixture: MoodFixture, query: string, rest: Partial<SearchRequest> = {}): Promise<SearchResponse> {
  return fixture.history.search(
    { query, mode: 'hybrid', limit: 10, filters: {}, roots: [fixture.root], ...rest },
    signal,
  );
}

describe('HistoryService', () => {
  it('finds a commit by its words, with author, files and mood', async (t) => {
    const fixture = await project(t);
    const { results, mode, embeddedShare } = await search(fixture, 'socket leak', { mode: 'keyword' });
    const [best] = results;
    assert.deepEqual([mode, embeddedShare], ['keyword', 1]);
    assert.equal(best?.symbol, 'ugh, the socket leaks');
    assert.equal(best.path, best.history?.key);
    const { files, author, mood } = best.history!;
    assert.deepEqual([files, author, mood?.label], [['src/net.ts'], 'Ada', 'negative']);
    assert.ok(best.matches.includes('socket'));
  });

  it('finds a commit by its meaning alone', async (t) => {
    const fixture = await project(t);
    // The fake encoder puts equal texts at the same place, whatever they mean.
    const { results } = await search(fixture, 'Update the changelog', { mode: 'semantic', limit: 1 });
    assert.deepEqual(
      results.map(({ symbol }) => symbol),
      ['Update the changelog'],
    );
  });

  it('finds a commit by the beginning of its object name', async (t) => {
    const fixture = await project(t);
    const head = fixture.repository.head();
    const { results } = await search(fixture, head.slice(0, 9));
    assert.equal(results[0]?.history?.key, head);
  });

  it('narrows to commits that touched a path, and cuts pages', async (t) => {
    const fixture = await project(t);
    const { results } = await search(fixture, 'the', { filters: { paths: ['src'] } });
    assert.deepEqual(results.map(({ symbol }) => symbol).sort(), ['Parse nested brackets', 'ugh, the socket leaks']);
    const first = await search(fixture, 'socket', { limit: 1 });
    const second = await search(fixture, 'socket', { limit: 1, offset: 1 });
    assert.equal(first.more, true);
    assert.notEqual(first.results[0]?.symbol, second.results[0]?.symbol);
    await assert.rejects(search(fixture, '  '), { code: 'invalid_argument' });
  });

  it('says what share is embedded, and that only words were searched', async (t) => {
    const fixture = await project(t, false);
    const { mode, embeddedShare, notice } = await search(fixture, 'socket');
    assert.deepEqual([mode, embeddedShare], ['keyword', 0]);
    assert.match(notice ?? '', /no commit is embedded yet/);
    assert.match((await search(new MoodFixture(t), 'socket')).notice ?? '', /No commits are indexed/);
  });

  it('says why commits cannot be read, for as long as they cannot', async (t) => {
    const fixture = new MoodFixture(t);
    const { directory } = fixture.repository;
    const lost = fixture.repository.commit({ message: 'Open the socket', files: { 'a.txt': '1' } });
    fixture.repository.commit({ message: 'Close the socket', files: { 'a.txt': '2' } });
    const object = path.join(directory, '.git/objects', lost.slice(0, 2), lost.slice(2));
    renameSync(object, `${object}.lost`);
    await assert.rejects(fixture.history.update(fixture.root, { embed: false, signal }), { code: 'git_failed' });
    assert.match((await search(fixture, 'socket')).notice ?? '', /git failed/);
    renameSync(`${object}.lost`, object);
    await fixture.history.update(fixture.root, { embed: false, signal });
    const { notice, results } = await search(fixture, 'socket');
    assert.doesNotMatch(notice ?? '', /git failed/);
    assert.equal(results.length, 2);
    const head = fixture.repository.commit({ message: 'Drop the socket', files: { 'a.txt': '3' } });
    rmSync(path.join(directory, '.git/objects', head.slice(0, 2), head.slice(2)));
    await assert.rejects(fixture.history.update(fixture.root, { embed: false, signal }), { code: 'git_failed' });
    assert.equal((await search(fixture, 'socket')).results.length, 2, 'what is known stays');
  });

  it('catches up in the background when the code is done, and finds a new commit', async (t) => {
    const fixture = await project(t);
    const status = { root: fixture.root, name: 'w', files: 0, chunks: 0, embedded: 0, skipped: {}, degraded: 0 };
    fixture.repository.commit({ message: 'Add a lighthouse' });
    fixture.history.rootChanged({ ...status, phase: 'ready' });
    await waitFor(
      'the new commit',
      async () => (await search(fixture, 'lighthouse', { mode: 'keyword' })).results[0]?.symbol === 'Add a lighthouse',
    );
    await waitFor('its embedding', () => fixture.store.readHistory((history) => history.embedded('fake')) === 4);
  });

  it('reads along where another process writes', async (t) => {
    const fixture = await project(t);
    fixture.repository.commit({ message: 'Add a lighthouse' });
    fixture.store.release();
    const other = new RootStore(fixture.store.file);
    t.after(() => other.close());
    assert.ok(other.acquire());
    await fixture.history.update(fixture.root, { embed: true, signal });
    const { results } = await search(fixture, 'socket', { mode: 'keyword' });
    assert.equal(results[0]?.symbol, 'ugh, the socket leaks');
    assert.equal(fixture.store.readHistory((history) => history.counts()).commits, 3);
  });

  it('embeds a text once, also when the history is rewritten', async (t) => {
    const fixture = await project(t);
    assert.equal(fixture.encoder.embedded.length, 3);
    fixture.repository.git('commit', '--quiet', '--amend', '--no-edit', '--date=@1700000000 +0000');
    await fixture.history.update(fixture.root, { embed: true, signal });
    assert.equal(fixture.encoder.embedded.length, 3);
    assert.equal(
      fixture.store.readHistory((history) => history.embedded('fake')),
      3,
    );
  });

  it('shows a commit with its patch, and nothing else', async (t) => {
    const fixture = await project(t);
    const text = await fixture.history.showCommit(fixture.root, '', fixture.repository.head(), signal);
    assert.match(text, /Update the changelog/);
    assert.match(text, /\+1/);
    await assert.rejects(fixture.history.showCommit(fixture.root, '', '--output=x', signal), {
      code: 'invalid_argument',
    });
    assert.throws(() => fixture.history.showCommit(fixture.root, '../..', 'abcdef0', signal), { code: 'not_found' });
  });
});
