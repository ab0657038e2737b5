import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeTokens } from '../../../../src/engine/text/codeTokens.ts';

const cases: readonly [text: string, terms: readonly string[]][] = [
  ['readFile', ['read', 'file', 'readfil']],
  ['read_file', ['read', 'file', 'readfil']],
  ['READ_FILE', ['read', 'file', 'readfil']],
  ['content-type', ['content', 'type', 'contenttyp']],
  ['HTTPServer', ['http', 'serv', 'httpserv']],
  ['sha256', ['sha', '256', 'sha256']],
  ['URLs', ['url']],
  ['OAuth2Client', ['oauth', 'auth', 'client', 'oauth2client']],
  ['iOS', ['os', 'ios']],
  ['a + b', []],
  ['Größe', ['groß']],
  ['naïve', ['naiv']],
  ['解析文件', ['解析', '析文', '文件']],
  ['NEAR("x" AND *) OR "', ['near', 'and', 'or']],
  ['', []],
];

for (const [text, terms] of cases) {
  test(`terms of ${JSON.stringify(text)}`, () => assert.deepEqual(codeTokens(text), terms));
}

test('inflections and agents of a verb meet', () => {
  for (const family of [
    ['parse', 'parses', 'parsing', 'parsed', 'parser', 'parsers'],
    ['validate', 'validating', 'validation', 'validator', 'validates'],
    ['run', 'running', 'runs'],
    ['query', 'queries'],
    ['route', 'routes', 'routing', 'router'],
    ['match', 'matches', 'matched', 'matching', 'matcher'],
  ]) {
    assert.equal(new Set(family.flatMap(codeTokens)).size, 1, family.join(' '));
  }
});

test('terms never hold anything but letters and digits', () => {
  const terms = codeTokens('foo-bar_baz$qux "q" don\'t __proto__ é\u0301 a_1-b2 😀 x\u0000y');
  for (const term of terms) assert.match(term, /^[\p{L}\p{N}]+$/u);
});

test('very long words are cut', () => {
  const terms = codeTokens('a'.repeat(100_000) + ' ' + 'aB1'.repeat(50_000));
  assert.ok(terms.length < 300);
  for (const term of terms) assert.ok(term.length <= 40);
});
