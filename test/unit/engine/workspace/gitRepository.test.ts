import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { readGitFacts, readText } from '../../../../src/engine/workspace/gitRepository.ts';
import { GitRepository } from '../../../support/gitRepository.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

/**
 * A clone that lacks the rules of a folder which is not checked out, so that git would fetch them from its remote; how it gets there, its own
 * configuration says.
 */
function cloneWithoutRules(t: TestContext, transport: (marker: string) => Readonly<Record<string, string>>) {
  const folder = temporaryFolder(t);
  const origin = new GitRepository(path.join(folder, 'origin'));
  origin.git('config', 'uploadpack.allowFilter', 'true');
  const files = { 'a.ts': 'a', 'kept.log': 'log', 'sub/.gitignore': '*.log\n', 'sub/b.ts': 'b' };
  origin.commit({ message: 'first', files });
  origin.git('clone', '--quiet', '--filter=blob:none', '--sparse', `file://${origin.directory}`, '../clone');
  const directory = path.join(folder, 'clone');
  const marker = path.join(folder, 'ran');
  const clone = (...args: string[]): string => origin.git('-C', directory, ...args);
  for (const [name, value] of Object.entries(transport(marker))) clone('config', name, value);
  return { directory, marker, clone };
}

const transports: Readonly<Record<string, (marker: string) => Readonly<Record<string, string>>>> = {
  'over ssh, by a command of its own': (marker) => ({
    'remote.origin.url': 'ssh://nowhere.invalid/x',
    'core.sshCommand': `touch '${marker}'; false`,
  }),
  'over ssh that it allows': (marker) => ({
    'remote.origin.url': 'ssh://nowhere.invalid/x',
    'core.sshCommand': `touch '${marker}'; false`,
    'protocol.allow': 'always',
    'protocol.ssh.allow': 'always',
  }),
  'by a program': (marker) => ({
    'remote.origin.url': `ext::touch ${marker}`,
    'protocol.ext.allow': 'always',
  }),
};

for (const [name, transport] of Object.entries(transports)) {
  test(`a repository cannot have anything run: a fetch ${name}`, { skip: process.platform === 'win32' }, async (t) => {
    const { directory, marker, clone } = cloneWithoutRules(t, transport);
    assert.deepEqual((await readGitFacts(directory)).trackedIgnored, []);
    assert.ok(!existsSync(marker));
    // Git by itself does.
    assert.throws(() => clone('ls-files', '--cached', '--ignored', '--exclude-standard'));
    assert.ok(existsSync(marker));
  });
}

test('files that are ignored by rule and tracked all the same, and settings of the repository', async (t) => {
  const folder = temporaryFolder(t);
  const repository = new GitRepository(path.join(folder, 'it’s here'));
  repository.commit({ message: 'first', files: { 'a.ts': 'a', 'größe/x y.log': 'log' } });
  repository.commit({ message: 'second', files: { '.gitignore': '*.log\n' } });
  mkdirSync(path.join(repository.directory, 'größe', 'z'));
  writeFileSync(path.join(repository.directory, 'größe', 'z', 'untracked.log'), 'log');
  writeFileSync(path.join(folder, 'excludes'), '*.tmp\n');
  repository.git('config', 'core.excludesFile', path.join(folder, 'excludes'));
  repository.git('config', 'core.ignoreCase', 'yes');
  assert.deepEqual(await readGitFacts(repository.directory), {
    globalExcludes: '*.tmp\n',
    ignoreCase: true,
    trackedIgnored: ['größe/x y.log'],
  });
});

test('outside of a repository, where there is no folder, and when it is cancelled', async (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual((await readGitFacts(folder)).trackedIgnored, []);
  assert.deepEqual((await readGitFacts(path.join(folder, 'none'))).trackedIgnored, []);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await assert.rejects(readGitFacts(folder, controller.signal), /enough/);
});

test('rules are read from files only: a pipe or a device has no end', { skip: process.platform === 'win32' }, (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string): string => path.join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  symlinkSync('/dev/zero', at('zero'));
  writeFileSync(at('rules'), '*.log\n');
  symlinkSync(at('rules'), at('link'));
  writeFileSync(at('endless'), 'x'.repeat(5_000_000));
  const texts = ['pipe', 'zero', 'endless', 'none', '.', 'rules', 'link'].map((name) => readText(at(name)));
  assert.deepEqual(texts, ['', '', '', '', '', '*.log\n', '*.log\n']);
});
