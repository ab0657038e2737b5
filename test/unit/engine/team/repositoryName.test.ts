import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameOfRemote } from '../../../../src/engine/team/repositoryName.ts';

test('clones of one repository have one name, however they were made', () => {
  const same = [
    'https://github.com/owner/name.git',
    'https://user:token@github.com/owner/name',
    'git@github.com:owner/name.git\n',
    'ssh://git@github.com/owner/name.git/',
  ];
  for (const remote of same) assert.equal(nameOfRemote(remote), 'github.com/owner/name', remote);
  assert.equal(nameOfRemote('ssh://git@host:2222/team/x.git'), 'host:2222/team/x');
});
