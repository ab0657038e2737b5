import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgeKindOf, githubSignIn, parseRemote } from '../../../src/extension/issues/parseRemote.ts';

test('remotes in every form that git knows', () => {
  const github = { host: 'https://github.com', project: 'owner/name' };
  for (const url of [
    'https://github.com/owner/name.git',
    'https://github.com/owner/name/',
    'git@github.com:owner/name.git',
    'ssh://git@github.com:22/owner/name',
    'git://github.com/owner/name.git',
    'https://user:secret@github.com/owner/name',
  ]) {
    assert.deepEqual(parseRemote(url), github, url);
  }
  assert.deepEqual(parseRemote('https://git.example.org:8443/a/b/c.git'), {
    host: 'https://git.example.org:8443',
    project: 'a/b/c',
  });
  for (const url of [
    '/srv/git/name.git',
    '../name',
    'file:///srv/name',
    'C:\\repos\\name',
    'https://github.com/owner',
    '',
  ]) {
    assert.equal(parseRemote(url), undefined, url);
  }
});

test('a host tells what kind of forge it is, or the settings do', () => {
  assert.equal(forgeKindOf('https://github.com', undefined), 'github');
  assert.equal(forgeKindOf('https://corp.ghe.com', undefined), 'github');
  assert.equal(forgeKindOf('https://git.example.org', 'https://git.example.org/'), 'github');
  assert.equal(forgeKindOf('https://gitlab.example.org', undefined), 'gitlab');
  assert.equal(forgeKindOf('https://git.example.org', undefined), undefined);
  assert.equal(forgeKindOf('https://notgithub.com', undefined), undefined);
});

test('the token of an account goes to the server of that account alone', () => {
  const company = 'https://git.company.example/';
  assert.equal(githubSignIn('https://github.com', company), 'github');
  assert.equal(githubSignIn('https://git.company.example', company), 'github-enterprise');
  for (const [host, enterprise] of [
    ['https://vendor.ghe.com', 'https://company.ghe.com'],
    ['https://git.company.example:8443', company],
    ['https://git.company.example', undefined],
    ['https://git.company.example', 'not an address'],
    ['http://git.company.example', 'http://git.company.example'],
    ['http://github.com', company],
    ['https://github.com.example', company],
  ] as const) {
    assert.equal(githubSignIn(host, enterprise), 'token', host);
  }
});
