import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { syncCommits, type SyncSummary } from '../../../../src/engine/history/syncCommits.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import { GitRepository } from '../../../support/gitRepository.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

class Synced {
  readonly folder: string;
  readonly store: RootStore;

  constructor(t: TestContext) {
    const base = temporaryFolder(t);
    this.folder = path.join(base, 'workspace');
    this.store = new RootStore(path.join(base, 'storage', 'x.db'));
    this.store.acquire();
    t.after(() => this.store.close());
  }

  sync(limit = 1000, folder = this.folder): Promise<SyncSummary> {
    return syncCommits(this.store, folder, { limit, signal: new AbortController().signal });
  }

  titles(): string[] {
    return this.store
      .readHistory((history) => {
        const ids = history.moodRows('', 0, 10_000).map(({ id }) => id);
        return history.items(ids, undefined).map(({ title }) => title);
      })
      .sort();
  }
}

describe('syncCommits', () => {
  it('reads a history once, then only what is new', async (t) => {
    const synced = new Synced(t);
    const repo = new GitRepository(synced.folder);
    repo.commit({ message: 'one', files: { a: '1' } });
    repo.commit({ message: 'two', files: { b: '1' } });
    assert.deepEqual(await synced.sync(), { repositories: 1, added: 2, removed: 0 });
    assert.deepEqual(await synced.sync(), { repositories: 1, added: 0, removed: 0 });
    repo.commit({ message: 'three' });
    assert.deepEqual(await synced.sync(), { repositories: 1, added: 1, removed: 0 });
    assert.deepEqual(synced.titles(), ['one', 'three', 'two']);
  });

  it('follows an amended commit, a switched branch and a lost history', async (t) => {
    const synced = new Synced(t);
    const repo = new GitRepository(synced.folder);
    const base = repo.commit({ message: 'base' });
    repo.commit({ message: 'wrong' });
    await synced.sync();
    repo.git('commit', '--quiet', '--amend', '--allow-empty', '-m', 'right');
    assert.deepEqual(await synced.sync(), { repositories: 1, added: 1, removed: 1 });
    repo.git('checkout', '--quiet', '-b', 'side', base);
    repo.commit({ message: 'on the side' });
    await synced.sync();
    assert.deepEqual(synced.titles(), ['base', 'on the side']);
    repo.git('checkout', '--quiet', '--orphan', 'new');
    repo.commit({ message: 'anew' });
    repo.git('branch', '-D', 'main', 'side');
    repo.git('reflog', 'expire', '--expire=now', '--all');
    repo.git('gc', '--quiet', '--prune=now');
    await synced.sync();
    assert.deepEqual(synced.titles(), ['anew']);
  });

  it('keeps the newest up to the limit, and reads on when the limit grows or commits go', async (t) => {
    const synced = new Synced(t);
    const repo = new GitRepository(synced.folder);
    for (const n of [1, 2, 3, 4]) repo.commit({ message: `c${n}` });
    await synced.sync(2);
    assert.deepEqual(synced.titles(), ['c3', 'c4']);
    repo.commit({ message: 'c5' });
    await synced.sync(2);
    assert.deepEqual(synced.titles(), ['c4', 'c5']);
    repo.git('reset', '--quiet', '--hard', 'HEAD~2');
    await synced.sync(2);
    assert.deepEqual(synced.titles(), ['c2', 'c3']);
    await synced.sync(10);
    assert.deepEqual(synced.titles(), ['c1', 'c2', 'c3']);
    await synced.sync(0);
    assert.deepEqual(synced.titles(), []);
  });

  it('reads a shallow clone without blaming its last commit for every file, and its rest when deepened', async (t) => {
    const synced = new Synced(t);
    const origin = new GitRepository(path.join(synced.folder, '..', 'origin'));
    for (const n of [1, 2, 3]) origin.commit({ message: `c${n}`, files: { [`f${n}`]: 'x' } });
    const url = pathToFileURL(origin.directory).href;
    execFileSync('git', ['clone', '--quiet', '--depth=2', url, synced.folder], { stdio: 'ignore' });
    await synced.sync();
    assert.deepEqual(synced.titles(), ['c2', 'c3']);
    const files = (): [string, string[]][] =>
      synced.store.readHistory((history) =>
        history.items([1, 2, 3, 4], undefined).map((item) => [item.title, item.files]),
      );
    assert.deepEqual(files(), [
      ['c3', ['f3']],
      ['c2', []],
    ]);
    execFileSync('git', ['fetch', '--quiet', '--unshallow'], { cwd: synced.folder, stdio: 'ignore' });
    await synced.sync();
    assert.deepEqual(synced.titles(), ['c1', 'c2', 'c3']);
  });

  it('reads repositories below the folder, linked worktrees and subfolders', async (t) => {
    const synced = new Synced(t);
    const one = new GitRepository(path.join(synced.folder, 'one'));
    one.commit({ message: 'in one', files: { 'src/x.ts': '1' } });
    one.commit({ message: 'elsewhere in one', files: { 'y.ts': '1' } });
    new GitRepository(path.join(synced.folder, 'empty'));
    assert.deepEqual(await synced.sync(), { repositories: 2, added: 2, removed: 0 });
    const [first] = synced.store.readHistory((history) => history.items([2], undefined));
    assert.deepEqual([first?.source, first?.files], ['one', ['one/src/x.ts']]);
    const worktree = path.join(synced.folder, '..', 'tree');
    one.git('worktree', 'add', '--quiet', worktree);
    await synced.sync(1000, worktree);
    assert.deepEqual(synced.titles(), ['elsewhere in one', 'in one']);
    const below = new Synced(t);
    await below.sync(1000, path.join(synced.folder, 'one', 'src'));
    const [item] = below.store.readHistory((history) => history.items([1, 2], undefined));
    assert.deepEqual([below.titles(), item?.files], [['in one'], ['x.ts']]);
  });

  it('has nothing to say about a folder without a repository', async (t) => {
    const synced = new Synced(t);
    assert.deepEqual(await synced.sync(1000, temporaryFolder(t)), { repositories: 0, added: 0, removed: 0 });
  });

  it('goes on where it was cancelled', async (t) => {
    const synced = new Synced(t);
    const repo = new GitRepository(synced.folder);
    const stream = Array.from(
      { length: 900 },
      (_, n) => `commit refs/heads/main\ncommitter A <a@b> ${1_700_000_000 + n} +0000\ndata <<E\nc${n}\nE\n`,
    ).join('');
    execFileSync('git', ['fast-import', '--quiet'], { cwd: repo.directory, input: stream });
    const abort = new AbortController();
    const onProgress = (): void => abort.abort(new Error('enough'));
    const cancelled = syncCommits(synced.store, synced.folder, { limit: 1000, signal: abort.signal, onProgress });
    await assert.rejects(cancelled, /enough/);
    assert.ok(synced.titles().length < 900);
    await synced.sync();
    assert.equal(synced.titles().length, 900);
  });
});
