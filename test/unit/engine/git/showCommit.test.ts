import assert from 'node:assert/strict';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { showCommit } from '../../../../src/engine/git/repositories.ts';
import { GitRepository } from '../../../support/gitRepository.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

test(
  'a commit of a submodule is shown without running what either repository names',
  { skip: process.platform === 'win32' },
  async (t) => {
    const folder = temporaryFolder(t);
    const marker = path.join(folder, 'ran');
    const script = path.join(folder, 'script.sh');
    writeFileSync(script, `#!/bin/sh\ntouch '${marker}'\n`);
    chmodSync(script, 0o755);
    const outer = new GitRepository(path.join(folder, 'outer'));
    const inner = new GitRepository(path.join(outer.directory, 'sub'));
    const point = (sha: string): string => {
      outer.git('update-index', '--add', '--cacheinfo', `160000,${sha},sub`);
      return outer.commit({ message: `sub at ${sha}` });
    };
    outer.commit({ message: 'first', files: { '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n' } });
    point(inner.commit({ message: 'one', files: { 'a.txt': 'one\n' } }));
    const sha = point(inner.commit({ message: 'two', files: { 'a.txt': 'two\n' } }));
    outer.git('config', 'diff.submodule', 'diff');
    inner.git('config', 'diff.external', script);

    assert.match(await showCommit(outer.directory, sha), /^\+Subproject commit /m);
    assert.ok(!existsSync(marker));
    // Git by itself does, whatever it is told of this repository.
    outer.git('show', '--no-ext-diff', '--no-textconv', sha);
    assert.ok(existsSync(marker));
  },
);
