import assert from 'node:assert/strict';
import { test } from 'node:test';
import { profileQuery, type QueryKind } from '../../../../src/engine/search/queryProfile.ts';

const kinds: readonly [query: string, kind: QueryKind][] = [
  ['TypeAdapter', 'identifier'],
  ['Changeset', 'identifier'],
  ['Rack::Builder', 'identifier'],
  ['Plug.Conn', 'identifier'],
  ['read_file parseHeader', 'identifier'],
  ['lib/core/axios.js', 'path'],
  ['context.go', 'path'],
  ['engine/search', 'path'],
  ['how are sessions signed?', 'question'],
  ['where is HTTPError raised', 'question'],
  ['Router path_router implementation', 'question'],
  ["TypeError: Cannot read properties of undefined (reading 'x')", 'error'],
  ['ENOENT: failed to open config', 'error'],
  ['for (const x of xs) { total += x.price; }', 'code'],
  ['def f(x):\n    return g(x, 1)\n', 'code'],
  ['NEAR("x" AND *', 'question'],
];

for (const [query, kind] of kinds) {
  test(`«${query}» is of the kind ${kind}`, () => assert.equal(profileQuery(query).kind, kind));
}

test('words without meaning are left out, unless there are no others', () => {
  assert.deepEqual(profileQuery('how does the parser work with files').terms, ['pars', 'work', 'fil'.concat('e')]);
  assert.ok(profileQuery('how is it').terms.length > 0);
});

test('neighbouring words are joined as identifiers join them', () => {
  assert.deepEqual(profileQuery('deferred body proxy').compounds, ['deferredbodi', 'bodyproxi', 'deferredbodyproxi']);
});

test('names written as in code are looked up, of qualified ones the last part', () => {
  assert.deepEqual(profileQuery('how Plug.Conn and `send` call read_file in Router').identifiers, [
    'Conn',
    'send',
    'read_file',
    'Router',
  ]);
  assert.deepEqual(profileQuery('Rack::Builder').identifiers, ['Builder']);
});

test('roles the query names are noticed', () => {
  assert.deepEqual([...profileQuery('tests of the parser').wants], ['test']);
  assert.deepEqual([...profileQuery('parser').wants], []);
});

test('an enormous query stays bounded', () => {
  const profile = profileQuery(
    'lorem_ipsum dolorSit '.repeat(1000) + Array.from({ length: 5000 }, (_, i) => `w${i}`).join(' '),
  );
  assert.ok(profile.terms.length <= 96 && profile.compounds.length <= 24 && profile.identifiers.length <= 8);
});
