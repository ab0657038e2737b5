import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curatedModel, curatedModels } from '../../../../src/engine/models/curated.ts';
import { folderName, parseRepository } from '../../../../src/engine/models/repositoryName.ts';

test('names, revisions and addresses of pages are read', () => {
  const cases: [string, string, string?][] = [
    ['acme/tiny', 'acme/tiny'],
    [' acme/tiny@v1.2 ', 'acme/tiny', 'v1.2'],
    ['acme/tiny@refs/pr/3', 'acme/tiny', 'refs/pr/3'],
    ['gpt2', 'gpt2'],
    ['https://hub.example/acme/tiny', 'acme/tiny'],
    ['https://hub.example/acme/tiny/', 'acme/tiny'],
    ['https://hub.example/acme/tiny/tree/dev', 'acme/tiny', 'dev'],
    ['https://hub.example/acme/tiny/blob/main/config.json', 'acme/tiny'],
  ];
  for (const [text, repository, revision] of cases) {
    assert.deepEqual(parseRepository(text), { repository, ...(revision === undefined ? {} : { revision }) }, text);
  }
});

test('anything that is no name is refused, above all what would climb out of a folder', () => {
  for (const text of [
    '',
    ' ',
    '.',
    '..',
    '../x',
    'a/..',
    'a/b/c',
    '/a',
    'a\\b',
    'a b',
    'a@',
    'a@b@c',
    'a@../b',
    '~/x',
    'a/b\0',
  ]) {
    assert.throws(() => parseRepository(text), { code: 'invalid_argument' }, text);
  }
});

test('folder names are flat and tell revisions apart', () => {
  assert.equal(folderName('acme/tiny', '0123456789abcdef'), 'acme--tiny@01234567');
});

test('the curated list names each model once and is found without regard to case', () => {
  const names = curatedModels.map(({ repository }) => repository.toLowerCase());
  assert.equal(new Set(names).size, names.length);
  for (const { repository, purpose, pooling } of curatedModels) {
    assert.equal(parseRepository(repository).repository, repository);
    assert.equal(pooling !== undefined, purpose === 'embedding', repository);
  }
  assert.equal(curatedModel('alibaba-nlp/GTE-ModernBERT-base')?.dimension, 768);
  assert.equal(curatedModel('acme/none'), undefined);
});
