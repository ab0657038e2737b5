import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Commit } from '../../../../src/engine/git/commit.ts';
import { readCommits, type ReadCommitsOptions } from '../../../../src/engine/git/readCommits.ts';
import { GitRepository } from '../../../support/gitRepository.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

async function read(directory: string, options?: ReadCommitsOptions): Promise<Commit[]> {
  const commits: Commit[] = [];
  for await (const commit of readCommits(directory, options)) commits.push(commit);
  return commits;
}

function repository(t: TestContext): GitRepository {
  return new GitRepository(temporaryFolder(t));
}

describe('readCommits', () => {
  it('reads messages, authors, dates and changed files, newest first', async (t) => {
    const repo = repository(t);
    const first = repo.commit({
      message: 'Add a\n\nBecause.\n\nSigned-off-by: Ada\n',
      files: { 'a.txt': 'a\n'.repeat(20) },
    });
    repo.git('mv', 'a.txt', 'weird "name"\n.txt');
    const second = repo.commit({
      message: 'Move it',
      author: 'Bö',
      email: 'b@x',
      at: 1_700_100_000,
      files: { 'src/ü.ts': '1\n' },
    });
    const [newest, oldest, ...rest] = await read(repo.directory);
    assert.deepEqual(rest, []);
    assert.deepEqual(newest, {
      sha: second,
      parents: [first],
      authorName: 'Bö',
      authorEmail: 'b@x',
      authoredAt: 1_700_100_000,
      committedAt: 1_700_100_000,
      subject: 'Move it',
      body: '',
      merge: false,
      files: [
        { path: 'src/ü.ts', kind: 'added' },
        { path: 'weird "name"\n.txt', previousPath: 'a.txt', kind: 'renamed' },
      ],
    });
    assert.ok(oldest);
    assert.equal(oldest.subject, 'Add a');
    assert.equal(oldest.body, 'Because.\n\nSigned-off-by: Ada');
  });

  it('tells empty messages, empty commits and merges', async (t) => {
    const repo = repository(t);
    repo.commit({ message: '' });
    repo.git('checkout', '--quiet', '-b', 'side');
    repo.commit({ message: 'side', files: { s: '1' } });
    repo.git('checkout', '--quiet', 'main');
    repo.commit({ message: 'main', files: { m: '1' } });
    repo.git('merge', '--quiet', '--no-ff', '-m', 'Merge side', 'side');
    const commits = await read(repo.directory);
    assert.deepEqual(
      commits.map(({ subject, merge, files }) => [subject, merge, files.length]),
      [
        ['Merge side', true, 0],
        ['main', false, 1],
        ['side', false, 1],
        ['', false, 0],
      ],
    );
    assert.equal((await read(repo.directory, { merges: false })).length, 3);
  });

  it('leaves out what is known, older or beyond the limit', async (t) => {
    const repo = repository(t);
    const shas = [1, 2, 3, 4].map((n) => repo.commit({ message: `commit ${n}`, at: 1_700_000_000 + n }));
    const subjects = async (options: ReadCommitsOptions): Promise<string[]> =>
      (await read(repo.directory, options)).map(({ subject }) => subject);
    assert.deepEqual(await subjects({ not: [shas[1]!] }), ['commit 4', 'commit 3']);
    assert.deepEqual(await subjects({ limit: 1 }), ['commit 4']);
    assert.deepEqual(await subjects({ since: 1_700_000_004 }), ['commit 4']);
    assert.deepEqual(await subjects({ from: shas[0]! }), ['commit 1']);
  });

  it('gives the hunks of every file with the function around them', async (t) => {
    const repo = repository(t);
    const body = Array.from({ length: 9 }, (_, n) => `  line${n};\n`).join('');
    repo.commit({ message: 'start', files: { 'a.js': `function alpha() {\n${body}}\n`, 'gone.js': '+++ b/x\n' } });
    repo.commit({
      message: 'change',
      files: {
        'a.js': `function alpha() {\n${body.replace('line7', '+++ b/line')}}\n`,
        'gone.js': null,
        'é\t.js': '@@ -1 +1 @@\n',
      },
    });
    const [change] = await read(repo.directory, { files: 'hunks', limit: 1 });
    assert.deepEqual(change?.files, [
      {
        path: 'a.js',
        kind: 'modified',
        hunks: [{ oldStart: 9, oldLines: 1, newStart: 9, newLines: 1, context: 'function alpha() {' }],
      },
      {
        path: 'gone.js',
        kind: 'deleted',
        hunks: [{ oldStart: 1, oldLines: 1, newStart: 0, newLines: 0, context: '' }],
      },
      { path: 'é\t.js', kind: 'added', hunks: [{ oldStart: 0, oldLines: 0, newStart: 1, newLines: 1, context: '' }] },
    ]);
  });

  it('reads a folder below the top with paths relative to it', async (t) => {
    const repo = repository(t);
    repo.commit({ message: 'both', files: { 'pkg/x.ts': '1', 'other.ts': '1' } });
    repo.commit({ message: 'outside', files: { 'other.ts': '2' } });
    const commits = await read(path.join(repo.directory, 'pkg'), { below: '.' });
    assert.deepEqual(
      commits.map(({ subject, files }) => [subject, files.map((file) => file.path)]),
      [['both', ['x.ts']]],
    );
  });

  it('runs nothing that the repository configures', async (t) => {
    const repo = repository(t);
    const trap = path.join(repo.directory, 'trap.sh');
    const sprung = path.join(repo.directory, 'sprung');
    writeFileSync(trap, `#!/bin/sh\ntouch ${sprung}\n`, { mode: 0o755 });
    repo.commit({ message: 'one', files: { 'a.txt': '1\n', '.gitattributes': '*.txt diff=trap\n' } });
    repo.commit({ message: 'two', files: { 'a.txt': '2\n' } });
    for (const key of [
      'diff.trap.textconv',
      'diff.trap.command',
      'diff.external',
      'gpg.program',
      'core.fsmonitor',
      'core.pager',
    ]) {
      repo.git('config', key, trap);
    }
    repo.git('config', 'log.showSignature', 'true');
    repo.git('config', 'log.diffMerges', 'separate');
    assert.equal((await read(repo.directory, { files: 'hunks' })).length, 2);
    assert.throws(() => execFileSync('ls', [sprung], { stdio: 'ignore' }));
  });

  it('says what is wrong', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(read(folder), { code: 'git_failed', message: /not in a git repository/ });
    const repo = new GitRepository(path.join(folder, 'repo'));
    await assert.rejects(read(repo.directory), { code: 'git_failed' });
    repo.commit({ message: 'x' });
    await assert.rejects(read(repo.directory, { from: '--output=/tmp/x' }), { code: 'invalid_argument' });
    await assert.rejects(read(repo.directory, { from: 'nowhere' }), { code: 'git_failed' });
    await assert.rejects(read('relative'), { code: 'invalid_argument' });
  });

  it('stops git when cancelled or left early', async (t) => {
    const repo = repository(t);
    for (let n = 0; n < 3; n += 1) repo.commit({ message: `c${n}` });
    const abort = new AbortController();
    const reason = new Error('enough');
    await assert.rejects(async () => {
      for await (const commit of readCommits(repo.directory, { signal: abort.signal })) {
        assert.ok(commit.sha);
        abort.abort(reason);
      }
    }, reason);
    for await (const commit of readCommits(repo.directory)) {
      assert.equal(commit.subject, 'c2');
      break;
    }
  });

  it('reads a message of a megabyte and a patch with NUL bytes', async (t) => {
    const repo = repository(t);
    repo.commit({
      message: `Huge\n\n${'x'.repeat(1 << 20)}`,
      files: { 'a.bin': `${'text\n'.repeat(2000)}\0commit\0\n` },
    });
    repo.commit({ message: 'next', files: { 'a.bin': `${'text\n'.repeat(2000)}\0\0changed\n` } });
    const commits = await read(repo.directory, { files: 'hunks' });
    assert.deepEqual(
      commits.map(({ subject }) => subject),
      ['next', 'Huge'],
    );
    assert.equal(commits[1]?.body.length, 1 << 20);
  });

  it('reads a clone without contents, and says what one without folders lacks', async (t) => {
    const repo = repository(t);
    repo.commit({ message: 'one', files: { 'a.txt': 'a\n'.repeat(50), 'src/b.txt': 'b\n' } });
    repo.git('mv', 'a.txt', 'c.txt');
    repo.commit({ message: 'two', files: { 'c.txt': `${'a\n'.repeat(50)}more\n` } });
    repo.git('config', 'uploadpack.allowFilter', 'true');
    const cloned = (filter: string): string => {
      const folder = path.join(temporaryFolder(t), filter.replace(':', '-'));
      const source = `file://${repo.directory}`;
      execFileSync('git', ['clone', '--quiet', '--no-checkout', `--filter=${filter}`, source, folder]);
      return folder;
    };
    const [newest] = await read(cloned('blob:none'));
    assert.deepEqual(newest?.files, [
      { path: 'a.txt', kind: 'deleted' },
      { path: 'c.txt', kind: 'added' },
    ]);
    await assert.rejects(read(cloned('tree:0')), { code: 'git_failed', hint: /--refetch/ });
  });
});
